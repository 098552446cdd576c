import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { type GatewayDeployment, type GatewayRevisionReport, HaganeError } from '@hagane/contract'
import type { DeploymentMetrics } from '../metrics/deployment-metrics.ts'
import type { WorkerRequest } from './frames.ts'
import { GatewayFailure, type Outcome, Pending, WaitingLine } from './pending.ts'
import { type Scalable, Scaling } from './scaling.ts'
import type { ModelDescription } from './worker.ts'
import { logTail, trimLog } from './worker-log.ts'
import { type WorkerPlace, WorkerSet } from './worker-set.ts'

export interface RevisionPlace extends WorkerPlace {
  logsDir: string
  metrics: DeploymentMetrics
}

export interface RevisionListener {
  /** The state may have changed. */
  changed(): void
  /** The last request has been answered; nothing follows. */
  drained(revisionId: string): void
}

/** Waiting requests of a deployment that sets no max_concurrent_requests_per_instance. */
const defaultWaiting = 1024
const largestWaitingBytes = 256 * 2 ** 20
const logCheckMs = 30_000

/**
 * Serves one immutable revision of a deployment: its workers, the bounded line of requests before them, and the state
 * that is reported. How many workers there are, and how long requests may take, may change while it serves.
 */
export class RevisionServer implements Scalable {
  readonly logFile: string
  readonly #place: RevisionPlace
  #deployment: GatewayDeployment
  #scaling: Scaling
  readonly #workers: WorkerSet
  #description: ModelDescription | undefined
  #accepted = 0
  readonly #line = new WaitingLine()
  readonly #listener: RevisionListener
  readonly #logTimer: NodeJS.Timeout
  #waitingBytes = 0
  #open = 0
  #draining = false
  #killed = false
  #drained: (() => void) | undefined
  #lastState: string | undefined

  constructor(deployment: GatewayDeployment, place: RevisionPlace, listener: RevisionListener) {
    this.#deployment = deployment
    this.#place = place
    this.#listener = listener
    mkdirSync(place.logsDir, { recursive: true, mode: 0o700 })
    this.logFile = join(place.logsDir, `${deployment.revision_id}.log`)
    this.#logTimer = setInterval(() => trimLog(this.logFile), logCheckMs)
    this.#scaling = new Scaling(this, deployment)
    this.#workers = new WorkerSet(place, this.logFile, {
      changed: () => this.#changed(),
      freed: () => this.#feed(),
      orphaned: (pendings, why) => this.#retry(pendings, why),
      batched: size => place.metrics.batched(size),
    })
    this.#workers.resize(deployment.workers, deployment)
  }

  get deployment(): GatewayDeployment {
    return this.#deployment
  }

  get description(): ModelDescription | undefined {
    this.#description ??= this.#workers.slots.find(slot => slot.description !== undefined)?.description
    return this.#description
  }

  /** `ready` also while it sleeps: then its workers have ended after idling, and a request wakes it. */
  get state(): GatewayRevisionReport['state'] {
    if (this.#draining) return 'draining'
    if (this.workers === 0 || this.workersReady > 0) return 'ready'
    return this.#workers.slots.some(slot => slot.state === 'failed') ? 'failed' : 'starting'
  }

  get message(): string | undefined {
    return this.#workers.slots.find(slot => slot.state !== 'ready' && slot.message !== undefined)?.message
  }

  get open(): number {
    return this.#open
  }

  get waiting(): number {
    return this.#line.length
  }

  get accepted(): number {
    return this.#accepted
  }

  get workers(): number {
    return this.#workers.size
  }

  get pids(): number[] {
    return this.#workers.pids
  }

  /** Takes over settings that change no prediction: times, limits, and how many workers. */
  reconfigure(deployment: GatewayDeployment): void {
    const before = this.#deployment
    this.#deployment = deployment
    if (isDeepStrictEqual(before, deployment)) return
    this.#scaling.close()
    this.#scaling = new Scaling(this, deployment)
    this.#workers.reconfigure(deployment)
    const bounds = deployment.autoscale
    if (this.workers === 0 && deployment.idle_seconds !== undefined) return
    this.resize(
      bounds === undefined || before.workers !== deployment.workers
        ? deployment.workers
        : Math.min(Math.max(this.workers, bounds.min_workers), bounds.max_workers),
    )
  }

  resize(workers: number): void {
    if (this.#draining || workers === this.workers) return
    this.#workers.resize(workers, this.#deployment)
    this.#changed()
  }

  /** Takes a request; `done` is called once, with the worker's answer or the reason why there is none. */
  submit(request: WorkerRequest, done: (outcome: Outcome) => void): Pending | undefined {
    const { metrics } = this.#place
    const refusal = this.#refusal(request)
    if (refusal !== undefined) {
      metrics.refused(refusal.status)
      done(refusal)
      return undefined
    }
    const size = request.body.length
    this.#open += 1
    this.#accepted += 1
    this.#waitingBytes += size
    if (this.#workers.size === 0) this.#wake()
    const pending = new Pending(request, this.#deployment.request_settings.request_timeout_ms, outcome => {
      this.#open -= 1
      this.#waitingBytes -= size
      metrics.answered(outcome.status, !(outcome instanceof HaganeError), pending.arrivedAt)
      done(outcome)
      if (this.#open === 0) this.#drained?.()
    })
    const slot = this.#workers.freest()
    if (slot !== undefined && this.#line.length === 0) slot.give(pending)
    else this.#wait(pending)
    return pending
  }

  /** A request came while it slept. */
  #wake(): void {
    this.#place.metrics.coldStarts += 1
    const { autoscale, workers } = this.#deployment
    this.#workers.resize(autoscale?.min_workers ?? workers, this.#deployment)
    this.#listener.changed()
  }

  /** No new requests; resolves when the ones it has are answered and the workers have been told to end. */
  async drain(): Promise<void> {
    this.#draining = true
    if (this.#open > 0) {
      await new Promise<void>(resolve => {
        this.#drained = resolve
      })
    }
    clearInterval(this.#logTimer)
    this.#scaling.close()
    this.#workers.stop()
    setImmediate(() => this.#listener.drained(this.#deployment.revision_id))
  }

  /** Ends everything now. */
  kill(): void {
    this.#draining = true
    this.#killed = true
    clearInterval(this.#logTimer)
    this.#scaling.close()
    this.#workers.kill()
    for (const pending of this.#line.clear()) pending.settle(unavailable('the gateway is stopping'))
  }

  get workersReady(): number {
    return this.#workers.ready
  }

  get restarts(): number {
    return this.#workers.restarts
  }

  get pid(): number | undefined {
    return this.#workers.slots.find(slot => slot.pid !== undefined)?.pid
  }

  logTail(lines: number): string[] {
    return logTail(this.logFile, lines)
  }

  #refusal(request: WorkerRequest): HaganeError | undefined {
    if (this.#draining) return unavailable('the deployment is being removed')
    if (this.state === 'failed') {
      return unavailable(`the deployment does not start: ${this.message ?? 'its worker ended'}`)
    }
    const { max_concurrent_requests_per_instance: perWorker } = this.#deployment.request_settings
    const limit = perWorker === undefined ? defaultWaiting : 2 * perWorker * this.#mostWorkers()
    if (this.#open >= limit) return tooMany(`${limit} requests are open, which is the limit of this deployment`)
    if (this.#open > 0 && this.#waitingBytes + request.body.length > largestWaitingBytes) {
      return tooMany('the open requests hold as many bytes as this deployment may keep')
    }
    return undefined
  }

  #mostWorkers(): number {
    return Math.max(this.workers, this.#deployment.workers)
  }

  /** While workers are ready, waiting is for a free one and limited; while none is, the request's own time is the limit. */
  #wait(pending: Pending): void {
    this.#line.push(pending)
    const { max_queue_wait_ms: limit, request_timeout_ms: timeout } = this.#deployment.request_settings
    if (limit >= timeout) return
    setTimeout(() => {
      if (!pending.settled && pending.attempts === 0 && this.workersReady > 0) {
        pending.settle(tooMany(`no worker was free within max_queue_wait_ms (${limit})`))
      }
    }, limit)
  }

  /** Gives waiting requests to workers that can take more. */
  #feed(): void {
    while (this.#line.length > 0) {
      const slot = this.#workers.freest()
      const next = slot && this.#line.shift()
      if (slot === undefined || next === undefined) return
      this.#place.metrics.waited(next.arrivedAt)
      slot.give(next)
    }
  }

  #changed(): void {
    this.#feed()
    if (this.state === 'failed') {
      const failure = unavailable(`the deployment does not start: ${this.message ?? 'its worker ended'}`)
      for (const pending of this.#line.clear()) pending.settle(failure)
    }
    const state = `${this.state} ${this.workersReady}/${this.workers} ${this.restarts} ${this.message ?? ''}`
    if (state === this.#lastState) return
    this.#lastState = state
    this.#listener.changed()
  }

  /** Requests of a worker that died are given to another one once; the second time they are taken to be the cause. */
  #retry(pendings: Pending[], why: string | undefined): void {
    const again: Pending[] = []
    for (const pending of pendings) {
      if (pending.settled) continue
      if (pending.attempts < 2 && !this.#killed) again.push(pending)
      else pending.settle(ended(why))
    }
    this.#line.unshift(again)
  }
}

const unavailable = (message: string): HaganeError =>
  new HaganeError('unavailable', message, { hint: 'show the deployment and its log to see why' })

/** The second worker in a row; the prediction id in the answer's headers finds it in the log. */
const ended = (why: string | undefined): HaganeError =>
  new GatewayFailure(
    502,
    'internal',
    `the worker ${why === undefined ? 'ended' : 'was ended'} while it answered this request${why === undefined ? '' : `: ${why}`}`,
    'it was tried twice; the log of the deployment may say what the model did',
  )

const tooMany = (message: string): HaganeError =>
  new HaganeError('rate_limited', message, { hint: 'send it again after the time in Retry-After' })
