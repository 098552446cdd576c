import type { ServiceSample } from '@hagane/contract'

const everyMs = 10_000

/**
 * Takes a sample at every full ten seconds of the clock, so that what several processes tell falls into the same stretches
 * of time, and hands it on.
 */
export class Telling {
  readonly #take: () => Promise<ServiceSample>
  readonly #tell: (sample: ServiceSample) => Promise<void>
  #timer: NodeJS.Timeout | undefined
  #running: Promise<void> = Promise.resolve()
  #closed = false

  constructor(take: () => Promise<ServiceSample>, tell: (sample: ServiceSample) => Promise<void>) {
    this.#take = take
    this.#tell = tell
    this.#next()
  }

  /** Tells a last time and stops. */
  async close(): Promise<void> {
    this.#closed = true
    clearTimeout(this.#timer)
    await this.#running
    await this.#round()
  }

  #next(): void {
    if (this.#closed) return
    const wait = everyMs - (Date.now() % everyMs)
    this.#timer = setTimeout(() => {
      this.#running = this.#round()
      this.#next()
    }, wait).unref()
  }

  async #round(): Promise<void> {
    try {
      await this.#tell(await this.#take())
    } catch (error) {
      console.error('what was counted could not be told; it is in what is told next', error)
    }
  }
}
