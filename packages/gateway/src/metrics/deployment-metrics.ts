import { batchBounds, Histogram, secondBounds, shownSeconds } from '@hagane/contract'

/** What happened to the requests of one named deployment, over all its revisions, since the gateway started. */
export class DeploymentMetrics {
  readonly latency = new Histogram(secondBounds, shownSeconds)
  readonly wait = new Histogram(secondBounds, shownSeconds)
  readonly #batches = new Histogram(batchBounds)
  readonly statuses = new Map<number, number>()
  coldStarts = 0
  #byWorkers = 0
  #inBatches = 0

  /** `arrivedAt` is of `performance.now()`; `byWorker`: it was a worker that answered, not the gateway. */
  answered(status: number, byWorker: boolean, arrivedAt: number): void {
    this.refused(status)
    if (byWorker) this.#byWorkers += 1
    this.latency.observe((performance.now() - arrivedAt) / 1000)
  }

  /** One that was refused at the door and waited for nothing. */
  refused(status: number): void {
    this.statuses.set(status, (this.statuses.get(status) ?? 0) + 1)
  }

  waited(arrivedAt: number): void {
    this.wait.observe((performance.now() - arrivedAt) / 1000)
  }

  /** A worker answers so many requests, two or more, with one predict call. */
  batched(size: number): void {
    this.#inBatches += size
    this.#batches.observe(size)
  }

  /** Requests by predict call: what no worker called a batch was answered alone. */
  get batches(): Histogram {
    const all = new Histogram(batchBounds)
    for (const [at, count] of this.#batches.counts.entries()) all.counts[at] = count
    all.sum = this.#batches.sum
    all.observe(1, Math.max(0, this.#byWorkers - this.#inBatches))
    return all
  }
}
