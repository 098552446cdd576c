import { HaganeError, type MultivariateReport } from '@hagane/contract'
import type { Engine } from '../../engine.ts'
import { identifier } from '../../sql-text.ts'
import { binned, binningOf, isNumberLike, type Matrix, matrixOf } from '../learn/matrix.ts'
import { featuresOf } from '../sides/feature-kinds.ts'
import { type Feature, openSide, type Side, sampleOf } from '../sides/side.ts'
import type { MultivariateRequest } from '../types.ts'
import { type Components, principalComponents, reconstructionErrors } from './principal-components.ts'
import { tellApart } from './tell-apart.ts'

/** Rows of each side that are looked at: every k-th of more. */
const MOST_ROWS = 50_000
/** Parts of the reference whose errors show how far one may be from another. As many as NannyML's default chunks. */
const PARTS = 10

/** Looks at whole rows: by how well the structure of the reference rebuilds them, and by whether a classifier tells the sides apart. */
export async function compareRows(engine: Engine, request: MultivariateRequest): Promise<MultivariateReport> {
  const reference = await openSide(engine, request.reference, 'drift_reference')
  const current = await openSide(engine, request.current, 'drift_current')
  const features = (await featuresOf(engine, reference, current, request)).filter(({ kind }) =>
    ['numeric', 'categorical', 'boolean'].includes(kind),
  )
  if (features.length === 0)
    throw new HaganeError('invalid', 'the tables share no column of numbers or categories', {
      hint: 'compare tables that have columns in common',
    })
  const then = await matrixOf(engine, reference, features, 'referenceType', MOST_ROWS)
  const now = await matrixOf(engine, current, features, 'currentType', MOST_ROWS)
  const { report, errors } = reconstruction(then, now, features)
  const id = request.id ?? current.marks.find(mark => mark === 'row_id')
  const ids = id === undefined || !request.rows ? [] : await idsOf(engine, current, id)
  const worst = [...errors.keys()]
    .sort((a, b) => (errors[b] as number) - (errors[a] as number))
    .slice(0, request.rows ?? 0)
  const binning = binningOf(then, features)
  return {
    features: features.map(({ name }) => name),
    rows: { reference: then.rows, current: now.rows },
    reconstruction: report,
    domain_classifier: tellApart(binned(then, binning), binned(now, binning), features),
    ...(ids.length === 0 ? {} : { extreme_rows: worst.flatMap(i => ids[i] ?? []) }),
  }
}

type Reconstruction = MultivariateReport['reconstruction']

function reconstruction(
  then: Matrix,
  now: Matrix,
  features: readonly Feature[],
): { report: Reconstruction; errors: Float64Array } {
  const nothing: Reconstruction = { components: 0, reference_error: null, current_error: null, breached: false }
  if (then.rows === 0) return { report: nothing, errors: new Float64Array() }
  const fill = fillings(then, features)
  const filled = fillOf(then, fill)
  const components = principalComponents(filled, then.rows)
  const before = reconstructionErrors(filled, then.rows, components)
  const errors = errorsOf(now, fill, components)
  const { low, high, mean, deviation } = spreadOf(before)
  const found = errors.length === 0 ? null : meanOf(errors)
  return {
    errors,
    report: {
      components: components.axes.length,
      reference_error: meanOf(before),
      current_error: found,
      low,
      high,
      ...(found === null || deviation === 0 ? {} : { deviations: (found - mean) / deviation }),
      breached: found !== null && (found < low || found > high),
    },
  }
}

const errorsOf = (matrix: Matrix, fill: Filling[], components: Components): Float64Array =>
  reconstructionErrors(fillOf(matrix, fill), matrix.rows, components)

type Filling = (value: number) => number

/** Numbers with the mean of the reference for what is missing; categories as their share of the reference, as NannyML. */
function fillings({ columns }: Matrix, features: readonly Feature[]): Filling[] {
  return columns.map((values, i) => {
    const present = values.filter(value => Number.isFinite(value))
    if (isNumberLike(features[i] as Feature)) {
      const mean = meanOf(present)
      return value => (Number.isFinite(value) ? value : mean)
    }
    const counts = new Map<number, number>()
    for (const value of present) counts.set(value, (counts.get(value) ?? 0) + 1)
    const most = [...counts.values()].reduce((a, b) => Math.max(a, b), 0)
    const gaps = values.length - present.length
    return value => {
      const count = Number.isFinite(value) ? (counts.get(value) ?? 0) : most // what is missing counts as the most frequent category
      return (count === most ? count + gaps : count) / values.length
    }
  })
}

const fillOf = ({ columns }: Matrix, fill: readonly Filling[]): Float64Array[] =>
  columns.map((values, i) => values.map(fill[i] as Filling))

const meanOf = (values: Float64Array): number =>
  values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length

/** Mean of the parts of the reference, three standard deviations to each side: NannyML's thresholds. */
function spreadOf(errors: Float64Array): { low: number; high: number; mean: number; deviation: number } {
  const size = Math.max(1, Math.floor(errors.length / PARTS))
  const parts = Float64Array.from({ length: Math.min(PARTS, errors.length) }, (_, i) =>
    meanOf(errors.subarray(i * size, (i + 1) * size)),
  )
  const mean = meanOf(parts)
  const deviation = Math.sqrt(meanOf(parts.map(part => (part - mean) ** 2)))
  return { low: Math.max(0, mean - 3 * deviation), high: mean + 3 * deviation, mean, deviation }
}

async function idsOf(engine: Engine, side: Side, id: string): Promise<string[]> {
  const found = await engine.rows<{ id: string | null }>(
    `select ${identifier(id)}::varchar as id from (${sampleOf(side, MOST_ROWS)})`,
  )
  return found.map(({ id: one }) => one ?? '')
}
