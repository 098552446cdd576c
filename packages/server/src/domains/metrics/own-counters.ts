import { Histogram, secondBounds, shownSeconds } from '@hagane/contract'

/** What this server counts of itself since it started. */
export class OwnCounters {
  readonly statuses = new Map<number, number>()
  readonly latency = new Histogram(secondBounds, shownSeconds)
  readonly database = new Histogram(secondBounds, shownSeconds)

  answered(status: number, seconds: number | undefined): void {
    this.statuses.set(status, (this.statuses.get(status) ?? 0) + 1)
    if (seconds !== undefined) this.latency.observe(seconds)
  }
}
