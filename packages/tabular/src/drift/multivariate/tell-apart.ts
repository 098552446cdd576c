import type { MultivariateReport } from '@hagane/contract'
import { type Binned, type BoostedOptions, boost, boostedOutput } from '../learn/boosted-trees.ts'
import { aucPValue, aucThreshold, rocAuc } from '../statistics/roc-auc.ts'

/** Rows of each side that the classifier learns from and is asked about. */
const MOST_ROWS = 10_000
const trees: BoostedOptions = { loss: 'logistic', trees: 30, depth: 4, rate: 0.2, leastRows: 20 }

/**
 * How well a classifier tells rows of now from rows of then: boosted trees learn from every second row and are asked about the others, and
 * the other way round; the area under the ROC curve over all of them.
 */
export function tellApart(
  reference: Binned,
  current: Binned,
  features: readonly { readonly name: string }[],
): MultivariateReport['domain_classifier'] {
  const [then, now] = [thinned(reference), thinned(current)]
  const threshold = aucThreshold(then.rows, now.rows)
  if (then.rows < 4 || now.rows < 4) return { auc: null, threshold, breached: false, importance: [] }
  const columns = then.columns.map((values, i) => Uint8Array.from([...values, ...(now.columns[i] ?? [])]))
  const rows = then.rows + now.rows
  const target = Float64Array.from({ length: rows }, (_, i) => (i < then.rows ? 0 : 1))
  const score = new Float64Array(rows)
  const gains = new Float64Array(features.length)
  for (const fold of [0, 1]) {
    const [learn, ask] = [rowsOf(rows, 1 - fold), rowsOf(rows, fold)]
    const model = boost(
      picked(columns, learn),
      Float64Array.from(learn, i => target[i] as number),
      trees,
    )
    const output = boostedOutput(model, picked(columns, ask))
    for (const [i, row] of ask.entries()) score[row] = output[i] as number
    for (let i = 0; i < gains.length; i++) gains[i] = (gains[i] as number) + (model.gains[i] as number)
  }
  const auc = rocAuc(
    score,
    target,
    Uint32Array.from(target, (_, i) => i),
  )
  const value = typeof auc === 'string' ? 0.5 : auc
  return {
    auc: value,
    threshold,
    p_value: aucPValue(value, then.rows, now.rows),
    breached: value > threshold,
    importance: importance(gains, features),
  }
}

const rowsOf = (rows: number, fold: number): Uint32Array =>
  Uint32Array.from({ length: Math.floor((rows + 1 - fold) / 2) }, (_, i) => 2 * i + fold)

const picked = (columns: readonly Uint8Array[], rows: Uint32Array): Binned => ({
  rows: rows.length,
  columns: columns.map(values => Uint8Array.from(rows, i => values[i] as number)),
})

function thinned(data: Binned): Binned {
  const step = Math.ceil(data.rows / MOST_ROWS)
  return step <= 1
    ? data
    : picked(
        data.columns,
        Uint32Array.from({ length: Math.floor(data.rows / step) }, (_, i) => i * step),
      )
}

function importance(gains: Float64Array, features: readonly { readonly name: string }[]) {
  const total = gains.reduce((sum, gain) => sum + gain, 0)
  if (total === 0) return []
  return features
    .map(({ name }, i) => ({ feature: name, share: (gains[i] as number) / total }))
    .filter(({ share }) => share >= 0.01)
    .sort((a, b) => b.share - a.share)
    .slice(0, 10)
}
