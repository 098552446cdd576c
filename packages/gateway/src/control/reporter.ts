import type { GatewayReport } from '@hagane/contract'

const gatherMs = 50
const repeatMs = 10_000

/** Reports soon after something changed and every ten seconds; changes that come together go out together. */
export class Reporter {
  readonly #send: () => Promise<boolean>
  #timer: NodeJS.Timeout
  #sending = false
  #again = false
  #closed = false

  /** `taken` is called with each report that the control plane has accepted. */
  constructor(
    build: () => GatewayReport,
    send: (report: GatewayReport) => Promise<boolean>,
    taken: (report: GatewayReport) => void,
  ) {
    this.#send = async () => {
      const report = build()
      const accepted = await send(report)
      if (accepted) taken(report)
      return accepted
    }
    this.#timer = setTimeout(() => void this.#run(), 0)
  }

  soon(): void {
    if (this.#sending) this.#again = true
    else this.#schedule(gatherMs)
  }

  /** Sends a last report and stops. */
  async close(): Promise<void> {
    this.#closed = true
    clearTimeout(this.#timer)
    await this.#send()
  }

  async #run(): Promise<void> {
    this.#sending = true
    this.#again = false
    await this.#send()
    this.#sending = false
    this.#schedule(this.#again ? gatherMs : repeatMs)
  }

  #schedule(ms: number): void {
    clearTimeout(this.#timer)
    if (!this.#closed) this.#timer = setTimeout(() => void this.#run(), ms)
  }
}
