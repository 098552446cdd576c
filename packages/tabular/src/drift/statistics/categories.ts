import { chiSquaredTail, normalTwoTails } from './gamma.ts'

export interface TestResult {
  readonly statistic: number
  readonly p_value: number
}

/**
 * K. Pearson's chi-squared test (1900) that the counts of now come from the shares of then: expected counts are those of the
 * reference, scaled to the size of now, as Evidently does with scipy.stats.chisquare. A category that the reference does not know makes
 * the statistic infinite and the p-value 0; one category in all has nothing to test: 1.
 */
export function chiSquaredTest(reference: Float64Array, current: Float64Array, n: number, m: number): TestResult {
  let statistic = 0
  for (let i = 0; i < reference.length; i++) {
    const expected = ((reference[i] as number) * m) / n
    const difference = (current[i] as number) - expected
    statistic += expected === 0 ? Number.POSITIVE_INFINITY : (difference * difference) / expected
  }
  return { statistic, p_value: chiSquaredTail(statistic, reference.length - 1) }
}

/** Cramer's V (H. Cramer 1946) of the table of two rows: how far the side tells the category, between 0 and 1. */
export function cramersV(reference: Float64Array, current: Float64Array, n: number, m: number): number {
  let sum = 0
  for (let i = 0; i < reference.length; i++) {
    const [r, c] = [reference[i] as number, current[i] as number]
    const column = r + c
    if (column === 0) continue
    const [expectedR, expectedC] = [(column * n) / (n + m), (column * m) / (n + m)]
    sum += (r - expectedR) ** 2 / expectedR + (c - expectedC) ** 2 / expectedC
  }
  return Math.min(1, Math.sqrt(sum / (n + m)))
}

/** Two-sided test that two proportions are equal, by the pooled z statistic (scipy has none; as statsmodels and Evidently). */
export function twoProportionTest(n: number, hits: number, m: number, hitsNow: number): TestResult {
  const [p, q] = [hits / n, hitsNow / m]
  const pooled = (hits + hitsNow) / (n + m)
  const spread = Math.sqrt(pooled * (1 - pooled) * (1 / n + 1 / m))
  if (!(spread > 0)) return { statistic: 0, p_value: 1 }
  const z = (p - q) / spread
  return { statistic: z, p_value: normalTwoTails(z) }
}
