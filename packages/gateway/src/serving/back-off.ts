/** A worker that ran this long before it ended starts from scratch. */
const stableMs = 60_000
const longestMs = 60_000

/**
 * How long to wait before a worker is started again. A worker that had been answering comes back at once the first
 * time, since its requests wait; each further end in a row doubles the wait, up to a minute.
 */
export class BackOff {
  #failures = 0

  /** Milliseconds to wait; `ranMs` is how long it was ready, undefined when it never was. */
  next(ranMs: number | undefined): number {
    if (ranMs !== undefined && ranMs >= stableMs) this.#failures = 0
    this.#failures += 1
    const steps = ranMs === undefined ? this.#failures : this.#failures - 1
    return steps === 0 ? 0 : Math.min(longestMs, 500 * 2 ** (steps - 1))
  }
}
