import { randomBelow } from './random.ts'

export interface Confidence {
  readonly level: number
  readonly resamples: number
  readonly seed: number
}

export type Interval = [number, number]

/**
 * Percentile intervals of several statistics by the bootstrap (Efron 1979): rows are drawn with replacement, the same rows for
 * every statistic, which makes differences between two models paired. A statistic is told how often each row was drawn; where it
 * is undefined in more than a tenth of the draws there is no interval.
 */
export function bootstrap(
  rows: number,
  statistics: readonly ((drawn: Uint16Array) => number | null)[],
  { level, resamples, seed }: Confidence,
): (Interval | undefined)[] {
  const draw = randomBelow(seed)
  const found: number[][] = statistics.map(() => [])
  const drawn = new Uint16Array(rows)
  for (let round = 0; round < resamples; round++) {
    drawn.fill(0)
    for (let i = 0; i < rows; i++) {
      const row = draw(rows)
      drawn[row] = (drawn[row] ?? 0) + 1
    }
    for (const [i, statistic] of statistics.entries()) {
      const value = statistic(drawn)
      if (value !== null) found[i]?.push(value)
    }
  }
  return found.map(values => intervalOf(values, level, resamples))
}

function intervalOf(values: number[], level: number, resamples: number): Interval | undefined {
  if (values.length < 0.9 * resamples) return undefined
  const sorted = Float64Array.from(values).sort()
  const at = (share: number) => {
    const place = share * (sorted.length - 1)
    const [below, above] = [sorted[Math.floor(place)] ?? 0, sorted[Math.ceil(place)] ?? 0]
    return below + (above - below) * (place - Math.floor(place))
  }
  return [at((1 - level) / 2), at((1 + level) / 2)]
}
