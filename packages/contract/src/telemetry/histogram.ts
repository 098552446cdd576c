/** Renard's series R20 (ISO 3): twenty steps a decade, each about 12 % above the last; holds 1, 2.5 and 5. */
const renard = [1, 1.12, 1.25, 1.4, 1.6, 1.8, 2, 2.24, 2.5, 2.8, 3.15, 3.55, 4, 4.5, 5, 5.6, 6.3, 7.1, 8, 9]

/** Seconds from 0.1 ms to 100 s. A quantile from these is off by at most 12 %, mostly by far less. */
export const secondBounds: readonly number[] = [
  ...[-4, -3, -2, -1, 0, 1].flatMap(power => renard.map(step => Number(`${step}e${power}`))),
  30,
  100,
].sort((a, b) => a - b)

/** Seconds as Prometheus is told them: a choice of `secondBounds`. */
export const shownSeconds: readonly number[] = [
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30,
]

/** Requests of one predict call. */
export const batchBounds: readonly number[] = [1, 2, 4, 8, 16, 32, 64, 128, 256]

/** Counts of values by upper bound, as Prometheus has them. Costs a few comparisons for each value. */
export class Histogram {
  readonly bounds: readonly number[]
  /** The bounds that are printed for Prometheus; some of `bounds`. */
  readonly shown: readonly number[]
  /** One more than bounds: what is above the last. */
  readonly counts: number[]
  sum = 0

  constructor(bounds: readonly number[], shown: readonly number[] = bounds) {
    this.bounds = bounds
    this.shown = shown
    this.counts = new Array<number>(bounds.length + 1).fill(0)
  }

  get total(): number {
    return this.counts.reduce((sum, count) => sum + count, 0)
  }

  observe(value: number, times = 1): void {
    let low = 0
    let high = this.bounds.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (value > (this.bounds[middle] as number)) low = middle + 1
      else high = middle
    }
    this.counts[low] = (this.counts[low] as number) + times
    this.sum += value * times
  }
}

/** The counts of a histogram by upper bound as text, empty ones left out. */
export function sparse({ bounds, counts, sum }: Histogram): { sum: number; counts: Record<string, number> } {
  const told: Record<string, number> = {}
  for (const [at, count] of counts.entries())
    if (count > 0) told[at < bounds.length ? String(bounds[at]) : '+Inf'] = count
  return { sum, counts: told }
}
