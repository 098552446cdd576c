import type { Logger } from '../../kernel/log.ts'

/** Work that is done again and again, one round after another; a round that fails is logged and tried again in time. */
export class Rounds {
  readonly #log: Logger
  readonly #stop = new AbortController()
  readonly #timers = new Set<NodeJS.Timeout>()
  readonly #running = new Set<Promise<void>>()

  constructor(log: Logger) {
    this.#log = log
  }

  every(ms: number, work: (signal: AbortSignal) => Promise<void>): void {
    const { signal } = this.#stop
    const round = (): void => {
      const run = work(signal)
        .catch((error: unknown) => {
          if (!signal.aborted) this.#log.error({ err: error }, 'a round of collection failed')
        })
        .finally(() => {
          this.#running.delete(run)
          if (!signal.aborted) later()
        })
      this.#running.add(run)
    }
    const later = (): void => {
      const timer = setTimeout(() => {
        this.#timers.delete(timer)
        round()
      }, ms)
      this.#timers.add(timer.unref())
    }
    round()
  }

  /** Breaks off what runs; resolves when nothing does. */
  async stop(): Promise<void> {
    this.#stop.abort()
    for (const timer of this.#timers) clearTimeout(timer)
    await Promise.all(this.#running)
  }
}
