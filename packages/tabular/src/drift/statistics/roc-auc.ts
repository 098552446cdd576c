import { normalTwoTails } from './gamma.ts'

/** Area from which two sides are told apart, as Evidently; more where so few rows reach it by chance. */
const LEAST_AUC = 0.55

/** Rows by their score, ascending. */
export const orderedBy = (score: Float64Array, rows: Uint32Array): Uint32Array =>
  rows.slice().sort((a, b) => (score[a] as number) - (score[b] as number))

function isOrdered(score: Float64Array, rows: Uint32Array): boolean {
  for (let i = 1; i < rows.length; i++)
    if ((score[rows[i] as number] as number) < (score[rows[i - 1] as number] as number)) return false
  return true
}

/** Area under the ROC curve by ranks, ties sharing theirs: the statistic of H. Mann and D. Whitney (1947), as scikit-learn. */
export function rocAuc(score: Float64Array, target: Float64Array, picked: Uint32Array): number | string {
  const order = isOrdered(score, picked) ? picked : orderedBy(score, picked)
  let [rankSum, positives] = [0, 0]
  for (let i = 0; i < order.length; ) {
    let end = i
    let hits = 0
    const value = score[order[i] as number]
    for (; end < order.length && score[order[end] as number] === value; end++)
      if (target[order[end] as number] === 1) hits++
    rankSum += hits * ((i + 1 + end) / 2)
    positives += hits
    i = end
  }
  const negatives = order.length - positives
  if (positives === 0 || negatives === 0) return 'there is one class only'
  return (rankSum - (positives * (positives + 1)) / 2) / (positives * negatives)
}

/** Standard deviation of the area when the sides are alike: that of the Mann-Whitney statistic (1947). */
const aucDeviation = (n: number, m: number): number => Math.sqrt((n + m + 1) / (12 * Math.max(1, n * m)))

/** Area that chance reaches in one of twenty cases, at least 0.55. */
export const aucThreshold = (n: number, m: number): number =>
  Math.max(LEAST_AUC, 0.5 + 1.6448536269514722 * aucDeviation(n, m))

export const aucPValue = (auc: number, n: number, m: number): number => normalTwoTails((auc - 0.5) / aucDeviation(n, m))
