import { HaganeError, type RateLimit } from '@hagane/contract'

/** Refused for now: `retryAfterSeconds` says how long. */
export class RateLimited extends HaganeError {
  readonly retryAfterSeconds: number

  constructor(message: string, retryAfterSeconds: number, hint: string) {
    super('rate_limited', message, { hint })
    this.retryAfterSeconds = retryAfterSeconds
  }
}

/** Lets `per_second` requests through on average and `burst` at once. Nothing runs between two requests. */
export class TokenBucket {
  readonly #limit: RateLimit
  #tokens: number
  #at: number

  /** `now` is milliseconds of a clock that only goes forward. */
  constructor(limit: RateLimit, now: number = performance.now()) {
    this.#limit = limit
    this.#tokens = limit.burst
    this.#at = now
  }

  /** Takes one. Throws `rate_limited` with the seconds after which there is one again. */
  take(now: number = performance.now()): void {
    const { per_second, burst } = this.#limit
    this.#tokens = Math.min(burst, this.#tokens + ((now - this.#at) / 1000) * per_second)
    this.#at = now
    if (this.#tokens < 1) {
      const seconds = Math.max(1, Math.ceil((1 - this.#tokens) / per_second))
      throw new RateLimited(
        `this key may send ${per_second} requests a second, ${burst} at once`,
        seconds,
        `send it again after ${seconds} s; the limit is the property hagane.rate_limit of the endpoint`,
      )
    }
    this.#tokens -= 1
  }
}
