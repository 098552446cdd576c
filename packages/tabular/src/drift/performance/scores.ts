import type { MeasuredPerformance, PerformanceMetricName } from '@hagane/contract'
import { rocAuc } from '../statistics/roc-auc.ts'

/** Predictions with their labels, by row. Classes are 0 and 1, or any numbers where there are more than two. */
export interface Labelled {
  readonly target: Float64Array
  readonly prediction: Float64Array
  /** Probability of class 1. */
  readonly score?: Float64Array
  /** Numbers that stand for the classes, where there are others than 0 and 1. */
  readonly classes?: readonly number[]
}

type Scores = ReadonlyMap<PerformanceMetricName, number | string>

/** A value for each metric, or why there is none. Definitions as in scikit-learn; several classes are averaged without weights (macro). */
export function classificationScores(rows: Labelled, picked: Uint32Array): Scores {
  const classes = rows.classes ?? [1]
  const tables = classes.map(one => confusion(rows, picked, one))
  const mean = (of: (table: Confusion) => number) => tables.reduce((sum, table) => sum + of(table), 0) / tables.length
  let right = 0
  for (const i of picked) if (rows.target[i] === rows.prediction[i]) right++
  const isBinary = rows.classes === undefined
  const needsScore = isBinary ? 'there are no probabilities' : 'it is for two classes'
  return new Map<PerformanceMetricName, number | string>([
    ['accuracy', right / picked.length],
    ['precision', mean(precisionOf)],
    ['recall', mean(recallOf)],
    ['f1', mean(f1Of)],
    ['roc_auc', rows.score === undefined || !isBinary ? needsScore : rocAuc(rows.score, rows.target, picked)],
    ['log_loss', rows.score === undefined || !isBinary ? needsScore : logLoss(rows.score, rows.target, picked)],
  ])
}

/** True and false, positives and negatives; estimated ones need not be whole. */
export interface Confusion {
  readonly tp: number
  readonly fp: number
  readonly fn: number
}

function confusion({ target, prediction }: Labelled, picked: Uint32Array, one: number): Confusion {
  let [tp, fp, fn] = [0, 0, 0]
  for (const i of picked) {
    const [is, said] = [target[i] === one, prediction[i] === one]
    if (is && said) tp++
    else if (said) fp++
    else if (is) fn++
  }
  return { tp, fp, fn }
}

/** 0 where nothing was predicted, as scikit-learn with zero_division=0. */
const ratio = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole)
export const precisionOf = ({ tp, fp }: Confusion): number => ratio(tp, tp + fp)
export const recallOf = ({ tp, fn }: Confusion): number => ratio(tp, tp + fn)
export const f1Of = ({ tp, fp, fn }: Confusion): number => ratio(2 * tp, 2 * tp + fp + fn)

/** Mean negative log-likelihood in nats; probabilities are kept off 0 and 1 by 2^-52, as scikit-learn. */
function logLoss(score: Float64Array, target: Float64Array, picked: Uint32Array): number {
  let sum = 0
  for (const i of picked) {
    const p = Math.min(1 - Number.EPSILON, Math.max(Number.EPSILON, score[i] as number))
    sum -= target[i] === 1 ? Math.log(p) : Math.log(1 - p)
  }
  return sum / picked.length
}

export function regressionScores({ target, prediction }: Labelled, picked: Uint32Array): Scores {
  let [absolute, squares, sum] = [0, 0, 0]
  for (const i of picked) {
    const error = (target[i] as number) - (prediction[i] as number)
    absolute += Math.abs(error)
    squares += error * error
    sum += target[i] as number
  }
  const mean = sum / picked.length
  let spread = 0
  for (const i of picked) spread += ((target[i] as number) - mean) ** 2
  const mse = squares / picked.length
  return new Map<PerformanceMetricName, number | string>([
    ['mean_absolute_error', absolute / picked.length],
    ['mean_squared_error', mse],
    ['root_mean_squared_error', Math.sqrt(mse)],
    ['r2_score', spread === 0 ? 'all labels are equal' : 1 - squares / spread],
  ])
}

/** Rows of a bootstrap sample, in the order of all rows; xorshift, so that the same data gives the same interval. */
function resampled(rows: Uint32Array, random: () => number): Uint32Array {
  const places = new Uint32Array(rows.length)
  for (let i = 0; i < places.length; i++) places[i] = Math.floor(random() * rows.length)
  return places.sort().map(place => rows[place] as number)
}

/** Rows beyond which the interval comes from a sample of so many, widened for the rest: sqrt(sample / rows) times as wide. */
const MOST_RESAMPLED = 20_000

/**
 * Every metric with the percentile interval of a bootstrap (B. Efron, 1979): as many rows, drawn with replacement, `rounds` times.
 */
export function withIntervals(
  rows: Uint32Array,
  scores: (picked: Uint32Array) => Scores,
  { confidence, rounds }: { readonly confidence: number; readonly rounds: number },
): MeasuredPerformance[] {
  if (rows.length === 0) return []
  const random = randomNumbers(rows.length)
  const step = Math.max(1, Math.floor(rows.length / MOST_RESAMPLED))
  const drawn = step === 1 ? rows : rows.filter((_, i) => i % step === 0)
  const narrower = Math.sqrt(drawn.length / rows.length)
  const samples = Array.from({ length: rounds }, () => scores(resampled(drawn, random)))
  const tail = (1 - confidence) / 2
  return [...scores(rows)].map(([metric, value]): MeasuredPerformance => {
    if (typeof value === 'string') return { metric, value: null, reason: value }
    const found = samples.map(sample => sample.get(metric)).filter(one => typeof one === 'number')
    if (found.length < rounds / 2) return { metric, value }
    const sorted = Float64Array.from(found).sort()
    const end = (share: number) => value + (quantile(sorted, share) - value) * narrower
    return { metric, value, low: end(tail), high: end(1 - tail) }
  })
}

const quantile = (sorted: Float64Array, share: number): number => {
  const at = (sorted.length - 1) * share
  const low = sorted[Math.floor(at)] as number
  return low + ((sorted[Math.ceil(at)] as number) - low) * (at % 1)
}

/** Numbers in [0, 1) that are the same in every run: G. Marsaglia's xorshift32 (2003). */
export function randomNumbers(seed: number): () => number {
  let state = (seed ^ 0x9e3779b9) >>> 0 || 1
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    state >>>= 0
    return state / 2 ** 32
  }
}
