import {
  type Client,
  createClient,
  type GatewayReport,
  type GatewayTable,
  gatewayRoutes,
  type ServiceSamples,
  serviceMetricRoutes,
} from '@hagane/contract'
import { readText } from '../files/atomic.ts'

const waitSeconds = 25
const answerMs = 10_000
const longestRetryMs = 5000
const lastWordMs = 2000

export interface ControlPlaneOptions {
  url: string
  /** Where a control plane that came back at another address says so; its content goes before `url`. */
  urlFile: string
  /** Read again for every connection, so that a token can be renewed. */
  tokenFile?: string
}

/**
 * The control plane as the gateway sees it: it may be away at any time. `follow` calls back with each new table and
 * keeps asking; `report` resolves to whether the report was taken.
 */
export class ControlPlane {
  readonly #options: ControlPlaneOptions
  readonly #stop = new AbortController()

  constructor(options: ControlPlaneOptions) {
    this.#options = options
  }

  /** Follows the table until `close`. `revision` is the one that is in force already. */
  async follow(revision: string | undefined, changed: (table: GatewayTable) => void): Promise<void> {
    let current = revision
    let failures = 0
    while (!this.#stop.signal.aborted) {
      try {
        const table = await this.#next(current)
        failures = 0
        if (table === undefined) continue
        changed(table)
        current = table.revision
      } catch {
        // The control plane is away: the table on disk stays in force, and this asks again.
        failures += 1
        await this.#pause(Math.min(longestRetryMs, 100 * 2 ** failures))
      }
    }
  }

  async report(report: GatewayReport): Promise<boolean> {
    try {
      const signal = AbortSignal.any([this.#stop.signal, AbortSignal.timeout(answerMs)])
      await this.#client().call(gatewayRoutes.report, { body: report, signal })
      return true
    } catch {
      // Told again with the next report: what is reported is the present state and all that is unacknowledged.
      return false
    }
  }

  /** Whether what was counted has been taken; also asked for while the gateway closes. */
  async samples(body: ServiceSamples): Promise<boolean> {
    try {
      const signal = AbortSignal.timeout(this.#stop.signal.aborted ? lastWordMs : answerMs)
      await this.#client().call(serviceMetricRoutes.samples, { body, signal })
      return true
    } catch {
      // Counters only rise: whatever comes next tells this too.
      return false
    }
  }

  close(): void {
    this.#stop.abort()
  }

  async #next(revision: string | undefined): Promise<GatewayTable | undefined> {
    const signal = AbortSignal.any([this.#stop.signal, AbortSignal.timeout(waitSeconds * 1000 + answerMs)])
    const query = { wait: waitSeconds, ...(revision === undefined ? {} : { revision }) }
    const answer = await this.#client().call(gatewayRoutes.table, { query, signal })
    const { table } = gatewayRoutes.table.response.parse(answer)
    return table
  }

  #client(): Client {
    const { url, urlFile, tokenFile } = this.#options
    const token = tokenFile === undefined ? undefined : readText(tokenFile)?.trim()
    const moved = readText(urlFile)?.trim()
    return createClient({ url: moved || url, actor: 'gateway', ...(token ? { token } : {}) })
  }

  #pause(ms: number): Promise<void> {
    return new Promise(resolve => {
      const timer = setTimeout(done, ms)
      const stop = this.#stop.signal
      function done(): void {
        clearTimeout(timer)
        stop.removeEventListener('abort', done)
        resolve()
      }
      stop.addEventListener('abort', done)
    })
  }
}
