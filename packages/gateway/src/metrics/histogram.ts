/** Counts of values by upper bound, as Prometheus has them. Costs a few comparisons for each value. */
export class Histogram {
  readonly bounds: readonly number[]
  /** One more than bounds: what is above the last. */
  readonly counts: number[]
  sum = 0

  constructor(bounds: readonly number[]) {
    this.bounds = bounds
    this.counts = new Array<number>(bounds.length + 1).fill(0)
  }

  get total(): number {
    return this.counts.reduce((sum, count) => sum + count, 0)
  }

  observe(value: number, times = 1): void {
    let at = 0
    while (at < this.bounds.length && value > (this.bounds[at] as number)) at += 1
    this.counts[at] = (this.counts[at] as number) + times
    this.sum += value * times
  }
}
