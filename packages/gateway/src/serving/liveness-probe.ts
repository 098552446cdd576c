import type { ProbeSettings } from '@hagane/contract'

export interface Probed {
  /** Whether a ping would be answered if all is well: one that computes may have no ear for it. */
  canAnswer(): boolean
  ping(): void
  /** It has failed as often as it may. */
  dead(): void
}

/**
 * Azure ML's liveness probe of one worker: a ping every `period` that counts as failed after `timeout`, however late the
 * answer comes. `failure_threshold` failures end the worker; after a failure, `success_threshold` answers in a row begin anew.
 */
export class LivenessProbe {
  readonly #probed: Probed
  #settings: ProbeSettings
  #every: NodeJS.Timeout | undefined
  #waiting: NodeJS.Timeout | undefined
  #failures = 0
  #answers = 0

  constructor(settings: ProbeSettings, probed: Probed) {
    this.#settings = settings
    this.#probed = probed
  }

  /** Asks from now on; where it did already, by these settings. */
  start(settings: ProbeSettings): void {
    this.#settings = settings
    clearInterval(this.#every)
    this.#every = setInterval(() => this.#ask(), settings.period * 1000)
  }

  stop(): void {
    clearInterval(this.#every)
    clearTimeout(this.#waiting)
    this.#waiting = undefined
    this.#failures = 0
    this.#answers = 0
  }

  /** A ping was answered. One that comes too late has failed already. */
  answered(): void {
    if (this.#waiting === undefined) return
    clearTimeout(this.#waiting)
    this.#waiting = undefined
    this.#answers += 1
    if (this.#answers >= this.#settings.success_threshold) this.#failures = 0
  }

  /** A request was answered, which shows as much. */
  worked(): void {
    this.#failures = 0
  }

  #ask(): void {
    if (!this.#probed.canAnswer() || this.#waiting !== undefined) return
    this.#waiting = setTimeout(() => this.#late(), this.#settings.timeout * 1000)
    this.#probed.ping()
  }

  #late(): void {
    this.#waiting = undefined
    if (!this.#probed.canAnswer()) return
    this.#answers = 0
    this.#failures += 1
    if (this.#failures >= this.#settings.failure_threshold) this.#probed.dead()
  }
}
