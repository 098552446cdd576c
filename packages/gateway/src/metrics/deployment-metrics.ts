import { Histogram } from './histogram.ts'

/** Seconds. Fine where a model answers, coarse where it is slow. */
const timeBounds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]
const batchBounds = [1, 2, 4, 8, 16, 32, 64, 128, 256]

/** What happened to the requests of one named deployment, over all its revisions, since the gateway started. */
export class DeploymentMetrics {
  readonly latency = new Histogram(timeBounds)
  readonly wait = new Histogram(timeBounds)
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
