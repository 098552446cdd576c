import { rocAuc } from '../statistics/roc-auc.ts'
import type { Isotonic } from './isotonic.ts'
import { isotonicAt, isotonicFit } from './isotonic.ts'
import { f1Of, type Labelled, precisionOf, recallOf } from './scores.ts'

const FOLDS = 10
const BINS = 10
/** A model that separates almost perfectly has nothing to calibrate. As NannyML. */
const PERFECT = 0.999

/**
 * The calibration that turns the reference's scores into probabilities, or undefined where it would not make them truer: the expected
 * calibration error over ten bins of held-out rows decides, as in NannyML, over every tenth row instead of random ones: where it hardly matters the two may decide differently.
 */
export function calibrationOf({ score, target }: Labelled, rows: Uint32Array): Isotonic | undefined {
  if (score === undefined || rows.length < 2 * FOLDS) return undefined
  const auc = rocAuc(score, target, rows)
  if (typeof auc === 'string' || auc > PERFECT) return undefined
  const [held, raw, calibrated]: [number[], number[], number[]] = [[], [], []]
  for (let fold = 0; fold < FOLDS; fold++) {
    const fit = isotonicFit(
      score,
      target,
      rows.filter((_, i) => i % FOLDS !== fold),
    )
    for (let i = fold; i < rows.length; i += FOLDS) {
      const row = rows[i] as number
      held.push(target[row] as number)
      raw.push(score[row] as number)
      calibrated.push(isotonicAt(fit, score[row] as number))
    }
  }
  return calibrationError(raw, held) > calibrationError(calibrated, held) ? isotonicFit(score, target, rows) : undefined
}

/** Expected calibration error: the mean |predicted - seen| over bins of equally many rows (M. Naeini and others, 2015). */
function calibrationError(probability: readonly number[], target: readonly number[]): number {
  const order = probability.map((_, i) => i).sort((a, b) => (probability[a] as number) - (probability[b] as number))
  const width = Math.max(1, Math.floor(order.length / BINS))
  let error = 0
  for (let bin = 0; bin < BINS; bin++) {
    const rows = order.slice(bin * width, bin === BINS - 1 ? order.length : (bin + 1) * width)
    const difference = rows.reduce((sum, i) => sum + (probability[i] as number) - (target[i] as number), 0)
    error += Math.abs(difference) / order.length
  }
  return error
}

/** What the metrics would be if each row were of class 1 with its probability. */
export interface ConfidenceBased {
  readonly roc_auc: number | string
  readonly accuracy: number
  readonly precision: number
  readonly recall: number
  readonly f1: number
}

/**
 * Confidence-based performance estimation (J. Kuberski, W. Kuberski, J. Bialek, NannyML 2022): every row counts as a positive by its calibrated
 * probability and as a negative by the rest. `raw` orders the rows for the ROC curve.
 */
export function confidenceBased(
  raw: Float64Array,
  prediction: Float64Array,
  rows: Uint32Array,
  calibration: Isotonic | undefined,
): ConfidenceBased {
  const probability = raw.map(score => (calibration === undefined ? score : isotonicAt(calibration, score)))
  let [tp, fp, fn, tn] = [0, 0, 0, 0]
  for (const i of rows) {
    const p = probability[i] as number
    if (prediction[i] === 1) {
      tp += p
      fp += 1 - p
    } else {
      fn += p
      tn += 1 - p
    }
  }
  const table = { tp, fp, fn }
  return {
    roc_auc: expectedAuc(raw, probability, rows),
    accuracy: (tp + tn) / rows.length,
    precision: precisionOf(table),
    recall: recallOf(table),
    f1: f1Of(table),
  }
}

/** Area under the expected ROC curve: trapezoids over the cumulated probabilities, best score first. */
function expectedAuc(raw: Float64Array, probability: Float64Array, rows: Uint32Array): number | string {
  const order = rows.slice().sort((a, b) => (raw[b] as number) - (raw[a] as number))
  let [hits, misses, area] = [0, 0, 0]
  for (const i of order) {
    const p = probability[i] as number
    area += (1 - p) * (hits + p / 2)
    hits += p
    misses += 1 - p
  }
  return hits > 0 && misses > 0 ? area / (hits * misses) : 'there is one class only'
}
