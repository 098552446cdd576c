import type { ScoreMetric } from '@hagane/contract'

export type Label = string | number | boolean | null

/** Truth and prediction of the same rows, in the same order. */
export interface ScoredRows {
  readonly truth: readonly Label[]
  /** Labels; where they are numbers between 0 and 1 and the truth has two classes, the probability of the positive one. */
  readonly predicted: readonly Label[]
}

export interface ScoreOptions {
  /** The class that counts as positive; 1 or true where there is one, else the greater of two. */
  readonly positive?: string | number | boolean | undefined
  /** From which probability on a prediction is the positive class. */
  readonly threshold?: number | undefined
}

/** The score of the rows, each counted as often as its weight says (once without weights); null where it is not defined. */
export type Scorer = (weights?: ArrayLike<number>) => number | null

/** True where more is better. */
export const moreIsBetter = (metric: ScoreMetric): boolean => !['log_loss', 'mae', 'mse', 'rmse'].includes(metric)

/**
 * Prepares a score, to be taken many times with other weights. Definitions are those of scikit-learn: precision, recall and F1 of
 * the positive class, of more than two classes their plain mean (`average="macro"`), zero where nothing was predicted; roc_auc with
 * ties counted half; log_loss of the positive class with probabilities kept off 0 and 1 by 2^-52.
 */
export function scorerOf(metric: ScoreMetric, rows: ScoredRows, options: ScoreOptions = {}): Scorer {
  switch (metric) {
    case 'mae':
    case 'mse':
    case 'rmse':
    case 'r2':
      return regression(metric, numbers(rows.truth), numbers(rows.predicted))
    case 'roc_auc':
    case 'log_loss': {
      const positive = positiveOf(rows.truth, options)
      const isPositive = rows.truth.map(value => className(value) === positive)
      const scores = numbers(rows.predicted)
      return metric === 'roc_auc' ? rocAuc(isPositive, scores) : logLoss(isPositive, scores)
    }
    default:
      return classification(metric, rows, options)
  }
}

/** 1, 1.0, "1" and true are one class. */
export const className = (value: Label): string => (typeof value === 'boolean' ? String(Number(value)) : String(value))

const numbers = (values: readonly Label[]): Float64Array =>
  Float64Array.from(values, value => (value === null || value === '' ? Number.NaN : Number(value)))

function positiveOf(truth: readonly Label[], { positive }: ScoreOptions): string {
  if (positive !== undefined) return className(positive)
  const classes = [...new Set(truth.map(className))].sort()
  return classes.includes('1') ? '1' : (classes.at(-1) ?? '1')
}

const weightAt = (weights: ArrayLike<number> | undefined, i: number): number =>
  weights === undefined ? 1 : (weights[i] ?? 0)

/** The weighted mean of a number of each row. */
const meanOf =
  (values: ArrayLike<number>): Scorer =>
  weights => {
    let [sum, total] = [0, 0]
    for (let i = 0; i < values.length; i++) {
      const weight = weightAt(weights, i)
      sum += weight * (values[i] ?? 0)
      total += weight
    }
    return total === 0 || Number.isNaN(sum) ? null : sum / total
  }

function regression(metric: 'mae' | 'mse' | 'rmse' | 'r2', truth: Float64Array, predicted: Float64Array): Scorer {
  const differences = truth.map((value, i) => value - (predicted[i] ?? Number.NaN))
  if (metric === 'mae') return meanOf(differences.map(Math.abs))
  const meanSquare = meanOf(differences.map(value => value * value))
  if (metric === 'mse') return meanSquare
  if (metric === 'rmse') {
    return weights => {
      const mean = meanSquare(weights)
      return mean === null ? null : Math.sqrt(mean)
    }
  }
  const mean = meanOf(truth)
  return weights => {
    const [error, center] = [meanSquare(weights), mean(weights)]
    if (error === null || center === null) return null
    const variance = meanOf(truth.map(value => (value - center) ** 2))(weights) ?? 0
    return variance === 0 ? null : 1 - error / variance
  }
}

/** Labels of predictions; probabilities become classes where the truth has two. */
function labelsOf({ truth, predicted }: ScoredRows, options: ScoreOptions): string[] {
  const classes = [...new Set(truth.map(className))]
  const known = new Set(classes)
  const areProbabilities =
    classes.length <= 2 &&
    predicted.some(value => typeof value === 'number' && !Number.isInteger(value)) &&
    predicted.every(value => typeof value === 'number' && value >= 0 && value <= 1)
  if (!areProbabilities) return predicted.map(className)
  const positive = positiveOf(truth, options)
  const negative = [...known].find(one => one !== positive) ?? (positive === '1' ? '0' : `not ${positive}`)
  const threshold = options.threshold ?? 0.5
  return predicted.map(value => (Number(value) >= threshold ? positive : negative))
}

function classification(
  metric: 'accuracy' | 'precision' | 'recall' | 'f1',
  rows: ScoredRows,
  options: ScoreOptions,
): Scorer {
  const labels = labelsOf(rows, options)
  const truth = rows.truth.map(className)
  if (metric === 'accuracy') return meanOf(truth.map((value, i) => (value === labels[i] ? 1 : 0)))
  const all = [...new Set([...truth, ...labels])]
  const classes = all.length <= 2 || options.positive !== undefined ? [positiveOf(rows.truth, options)] : all
  const scorers = classes.map(one => ofClass(metric, one, truth, labels))
  return weights => {
    const scores = scorers.map(score => score(weights) ?? 0)
    return truth.length === 0 ? null : scores.reduce((sum, score) => sum + score, 0) / scores.length
  }
}

function ofClass(metric: 'precision' | 'recall' | 'f1', one: string, truth: string[], labels: string[]): Scorer {
  const isTrue = Uint8Array.from(truth, value => (value === one ? 1 : 0))
  const isSaid = Uint8Array.from(labels, value => (value === one ? 1 : 0))
  return weights => {
    let [hits, said, real] = [0, 0, 0]
    for (let i = 0; i < isTrue.length; i++) {
      const weight = weightAt(weights, i)
      const [t, s] = [isTrue[i] ?? 0, isSaid[i] ?? 0]
      hits += weight * t * s
      said += weight * s
      real += weight * t
    }
    const below = metric === 'precision' ? said : metric === 'recall' ? real : (said + real) / 2
    return below === 0 ? 0 : hits / below
  }
}

/** The share of pairs in which the positive row has the greater score: Mann and Whitney's U over the number of pairs. */
function rocAuc(isPositive: readonly boolean[], scores: Float64Array): Scorer {
  const order = Uint32Array.from(scores.keys()).sort((a, b) => (scores[a] ?? 0) - (scores[b] ?? 0))
  const broken = scores.some(Number.isNaN)
  return weights => {
    let [below, pairs, positives, negatives] = [0, 0, 0, 0]
    for (let i = 0; i < order.length; ) {
      const score = scores[order[i] ?? 0]
      let [up, down] = [0, 0]
      for (; i < order.length && scores[order[i] ?? 0] === score; i++) {
        const row = order[i] ?? 0
        if (isPositive[row]) up += weightAt(weights, row)
        else down += weightAt(weights, row)
      }
      pairs += up * (below + down / 2)
      below += down
      positives += up
      negatives += down
    }
    return broken || positives === 0 || negatives === 0 ? null : pairs / (positives * negatives)
  }
}

function logLoss(isPositive: readonly boolean[], scores: Float64Array): Scorer {
  const smallest = 2 ** -52
  return meanOf(
    scores.map((score, i) => {
      const kept = Math.min(1 - smallest, Math.max(smallest, score))
      return -Math.log(isPositive[i] ? kept : 1 - kept)
    }),
  )
}
