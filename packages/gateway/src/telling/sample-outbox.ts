import type { ServiceSample, ServiceSamples } from '@hagane/contract'

/** Ten minutes of samples; what is older while the control plane is away is kept at half as many points, again and again. */
const mostWaiting = 60
const atOnce = 6

/**
 * Samples that the control plane has not taken yet. They hold counters since these began, so a sample that is left out is
 * missed by nobody: the next tells all of it, for a longer time.
 */
export class SampleOutbox {
  readonly #source: string
  readonly #send: (samples: ServiceSamples) => Promise<boolean>
  readonly #taken: (seq: number) => void
  #waiting: ServiceSample[] = []
  #sending: Promise<void> | undefined

  /** `taken` hears of the last sample that has arrived. */
  constructor(source: string, send: (samples: ServiceSamples) => Promise<boolean>, taken: (seq: number) => void) {
    this.#source = source
    this.#send = send
    this.#taken = taken
  }

  get waiting(): readonly ServiceSample[] {
    return this.#waiting
  }

  add(sample: ServiceSample): void {
    this.#waiting.push(sample)
    if (this.#waiting.length > mostWaiting) this.#waiting = thinned(this.#waiting)
  }

  /** Sends what waits, oldest first; resolves when all of it has arrived or some could not. */
  send(): Promise<void> {
    this.#sending ??= this.#sendAll().finally(() => {
      this.#sending = undefined
    })
    return this.#sending
  }

  async #sendAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      const samples = this.#waiting.slice(0, atOnce)
      const last = samples.at(-1)?.seq ?? 0
      if (!(await this.#send({ source: this.#source, samples }))) return
      this.#waiting = this.#waiting.filter(one => one.seq > last)
      this.#taken(last)
    }
  }
}

/** Every second sample, which covers the time of the one before it too. The newest stays. */
function thinned(samples: readonly ServiceSample[]): ServiceSample[] {
  const parity = (samples.length - 1) % 2
  return samples.flatMap((sample, at) => {
    if (at % 2 !== parity) return []
    const before = samples[at - 1]?.seconds ?? 0
    return [{ ...sample, seconds: sample.seconds + before }]
  })
}
