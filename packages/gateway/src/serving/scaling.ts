import type { AutoscaleSettings, GatewayDeployment } from '@hagane/contract'

/** What is scaled: how much it has to do now, and how many workers it keeps. */
export interface Scalable {
  /** Requests that wait or are being answered. */
  readonly open: number
  /** Requests since it started. */
  readonly accepted: number
  readonly workers: number
  readonly workersReady: number
  resize(workers: number): void
}

/** How often the load is looked at between two decisions. */
const sampleMs = 100
/** Azure's router adds replicas at once and takes them away only after a minute of less. */
const shrinkAfterMs = 60_000

/**
 * Workers that put the busy share of their places at the target. `load` is the average of open requests, `places` how
 * many a worker takes at a time; after azureml-fe: `(busy + queued) / (target * places)`, between the two bounds.
 */
export function wantedWorkers(load: number, places: number, settings: AutoscaleSettings): number {
  const { min_workers, max_workers, target_utilization_percentage } = settings
  const wanted = Math.ceil((load * 100) / (places * target_utilization_percentage) - 1e-9)
  return Math.min(Math.max(wanted, min_workers), max_workers)
}

/** Follows the load of one revision: more workers at once, fewer after a minute of less, none after idling. */
export class Scaling {
  readonly #target: Scalable
  readonly #deployment: GatewayDeployment
  readonly #timer: NodeJS.Timeout | undefined
  #sum = 0
  #samples = 0
  #decidedAt = performance.now()
  #lowSince: number | undefined
  #lowPeak = 0
  #accepted = 0
  #busyAt = performance.now()

  constructor(target: Scalable, deployment: GatewayDeployment) {
    this.#target = target
    this.#deployment = deployment
    const { autoscale, idle_seconds } = deployment
    if (autoscale === undefined && idle_seconds === undefined) return
    this.#timer = setInterval(() => this.#look(performance.now()), sampleMs)
  }

  close(): void {
    clearInterval(this.#timer)
  }

  #look(now: number): void {
    const { autoscale, idle_seconds } = this.#deployment
    if (this.#target.workers === 0) {
      this.#busyAt = now
      return
    }
    if (autoscale !== undefined) this.#sample(now, autoscale)
    if (idle_seconds === undefined) return
    const { accepted, open, workersReady } = this.#target
    if (open > 0 || workersReady === 0 || accepted !== this.#accepted) this.#busyAt = now
    this.#accepted = accepted
    if (now - this.#busyAt >= idle_seconds * 1000) this.#target.resize(0)
  }

  #sample(now: number, settings: AutoscaleSettings): void {
    this.#sum += this.#target.open
    this.#samples += 1
    if (now - this.#decidedAt < settings.polling_interval * 1000) return
    const places = this.#deployment.request_settings.max_concurrent_requests_per_instance ?? 1
    const wanted = wantedWorkers(this.#sum / this.#samples, places, settings)
    this.#sum = 0
    this.#samples = 0
    this.#decidedAt = now
    this.#decide(now, wanted)
  }

  #decide(now: number, wanted: number): void {
    if (wanted >= this.#target.workers) {
      this.#lowSince = undefined
      if (wanted > this.#target.workers) this.#target.resize(wanted)
      return
    }
    this.#lowPeak = this.#lowSince === undefined ? wanted : Math.max(this.#lowPeak, wanted)
    this.#lowSince ??= now
    if (now - this.#lowSince < shrinkAfterMs) return
    this.#lowSince = undefined
    this.#target.resize(this.#lowPeak)
  }
}
