import { readFileSync } from 'node:fs'
import { type GateSpec, HaganeError, type ScoreMetric } from '@hagane/contract'
import { className, type Label, type Scorer, scorerOf } from './scores.ts'

/** What `hagane_score` writes of a model and a table; lists hold a value for each row. */
export interface ScoredTable {
  readonly rows: number
  /** Of predicting all rows at once. */
  readonly seconds: number
  readonly prediction: readonly Label[]
  /** Probability of the positive class. */
  readonly score: readonly Label[] | null
  readonly truth: readonly Label[] | null
  readonly columns: Readonly<Record<string, readonly Label[]>>
  readonly latency_ms: readonly number[] | null
}

/** Throws `invalid` when it is not what a scoring step writes. */
export function readScored(path: string): ScoredTable {
  const found = JSON.parse(readFileSync(path, 'utf8')) as ScoredTable
  if (Array.isArray(found.prediction) && found.prediction.length === found.rows) return found
  throw new HaganeError('invalid', 'the predictions are not those of a scoring step')
}

/** Positions of rows whose truth is known. */
export const rowsWithTruth = ({ truth }: ScoredTable): number[] =>
  (truth ?? []).flatMap((value, row) => (value === null ? [] : [row]))

/** The score of some rows of a table. */
export function scorerFor(metric: ScoreMetric, table: ScoredTable, rows: readonly number[], spec: GateSpec): Scorer {
  const pick = (values: readonly Label[] | null) => rows.map(row => values?.[row] ?? null)
  const options = { positive: spec.positive, threshold: spec.threshold }
  const byScore = metric === 'roc_auc' || metric === 'log_loss' || spec.threshold !== 0.5
  const predicted = byScore && table.score !== null ? pick(table.score) : pick(table.prediction)
  return scorerOf(metric, { truth: pick(table.truth), predicted }, options)
}

/** The share of rows that are predicted to be of the positive class. */
export function selectionRate(table: ScoredTable, rows: readonly number[], { positive, threshold }: GateSpec): Scorer {
  const wanted = className(positive ?? 1)
  const selected = rows.map(row => {
    const [label, score] = [table.prediction[row] ?? null, table.score?.[row]]
    if (typeof score === 'number' && threshold !== 0.5) return score >= threshold
    return className(label) === wanted || (typeof label === 'number' && label > 0 && label < 1 && label >= threshold)
  })
  return weights => {
    let [sum, total] = [0, 0]
    for (const [i, is] of selected.entries()) {
      const weight = weights === undefined ? 1 : (weights[i] ?? 0)
      sum += is ? weight : 0
      total += weight
    }
    return total === 0 ? null : sum / total
  }
}
