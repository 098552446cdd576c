import type { Engine } from '../../engine.ts'
import { type Boosted, type BoostedOptions, boost, boostedOutput } from '../learn/boosted-trees.ts'
import { binned, binningOf, type Matrix, matrixOf } from '../learn/matrix.ts'
import type { Feature, Side } from '../sides/side.ts'
import { completeRows } from './labelled-rows.ts'
import type { Labelled } from './scores.ts'

const trees: BoostedOptions = { loss: 'squared', trees: 80, depth: 5, rate: 0.1, leastRows: 20 }

interface Sides {
  readonly reference: Side
  readonly current: Side
  readonly features: readonly Feature[]
  readonly before: Labelled
  readonly after: Labelled
  readonly most: number
}

/** Losses that are likely, and how far those of the reference spread. */
export interface Losses {
  readonly rows: number
  readonly mae: number
  readonly mse: number
  readonly rmse: number
  readonly deviation: Readonly<Record<'mae' | 'mse' | 'rmse', number>>
}

const predictionFeature: Feature = {
  name: '',
  kind: 'numeric',
  whole: false,
  referenceType: 'DOUBLE',
  currentType: 'DOUBLE',
}

/**
 * Direct loss estimation (NannyML): a second model learns from the reference how large the error of the first one is, given its inputs and
 * what it said, and is asked about rows without labels. NannyML takes LightGBM; these are smaller trees, so that the two agree about as
 * well as two such models do. Undefined without labels or predictions.
 */
export async function directLosses(engine: Engine, sides: Sides): Promise<Losses | undefined> {
  const { before: then, after: now, features } = sides
  const [before, after] = [completeRows(then, true), completeRows(now, false)]
  if (before.length === 0 || after.length === 0) return undefined
  const known = await matrixOf(engine, sides.reference, features, 'referenceType', sides.most)
  const asked = await matrixOf(engine, sides.current, features, 'currentType', sides.most)
  const all = [...features, predictionFeature]
  const binning = binningOf(withPrediction(known, then, before), all)
  const learn = binned(withPrediction(known, then, before), binning)
  const ask = binned(withPrediction(asked, now, after), binning)
  const errors = Float64Array.from(before, i => Math.abs((then.target[i] as number) - (then.prediction[i] as number)))
  const squares = errors.map(error => error * error)
  const mae = expected(boost(learn, errors, trees), ask)
  const mse = expected(boost(learn, squares, trees), ask)
  const deviation = { mae: deviationOf(errors), mse: deviationOf(squares) }
  const rmse = Math.sqrt(mse)
  return {
    ...{ rows: after.length, mae, mse, rmse },
    deviation: { ...deviation, rmse: rmse > 0 ? deviation.mse / (2 * rmse) : 0 },
  }
}

function withPrediction({ columns }: Matrix, { prediction }: Labelled, rows: Uint32Array): Matrix {
  const picked = (values: Float64Array) => Float64Array.from(rows, i => values[i] as number)
  return { rows: rows.length, columns: [...columns.map(picked), picked(prediction)] }
}

/** An error is not negative, whatever the trees say. */
function expected(model: Boosted, data: Parameters<typeof boostedOutput>[1]): number {
  const output = boostedOutput(model, data)
  return output.reduce((sum, value) => sum + Math.max(0, value), 0) / Math.max(1, output.length)
}

function deviationOf(values: Float64Array): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length)
}
