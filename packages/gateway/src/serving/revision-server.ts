import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { type GatewayDeployment, type GatewayRevisionReport, HaganeError } from '@hagane/contract'
import type { WorkerRequest } from './frames.ts'
import { type Outcome, Pending, WaitingLine } from './pending.ts'
import type { ModelDescription } from './worker.ts'
import { workerEnvironment } from './worker-environment.ts'
import { logTail, trimLog } from './worker-log.ts'
import { WorkerSlot } from './worker-slot.ts'

export interface RevisionPlace {
  workspace: string
  endpoint: string
  /** serve.py of the unpacked worker. */
  entry: string
  logsDir: string
}

export interface RevisionListener {
  /** The state may have changed. */
  changed(): void
  /** The last request has been answered; nothing follows. */
  drained(revisionId: string): void
}

/** Requests that a worker is handed ahead: batching ones as many as arrive, others only when no other worker could take them. */
const batchDepth = 256
const soloDepth = 4
/** Waiting requests of a deployment that sets no max_concurrent_requests_per_instance. */
const defaultWaiting = 1024
const largestWaitingBytes = 256 * 2 ** 20
const stopGraceMs = 5000
const logCheckMs = 30_000

/**
 * Serves one immutable revision of a deployment: its workers, the bounded line of requests before them, and the state
 * that is reported.
 */
export class RevisionServer {
  readonly deployment: GatewayDeployment
  readonly logFile: string
  readonly #slots: WorkerSlot[]
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
    this.deployment = deployment
    this.#listener = listener
    mkdirSync(place.logsDir, { recursive: true, mode: 0o700 })
    this.logFile = join(place.logsDir, `${deployment.revision_id}.log`)
    this.#logTimer = setInterval(() => trimLog(this.logFile), logCheckMs)
    const environment = workerEnvironment(deployment, place.endpoint)
    this.#slots = Array.from({ length: deployment.workers }, (_, index) => {
      const title = `${place.workspace}/${place.endpoint}/${deployment.name}/${index}`
      return new WorkerSlot(
        { deployment, title, entry: place.entry, environment, logFile: this.logFile },
        { changed: () => this.#changed(), orphaned: pendings => this.#retry(pendings) },
      )
    })
  }

  get description(): ModelDescription | undefined {
    return this.#slots.find(slot => slot.description !== undefined)?.description
  }

  get state(): GatewayRevisionReport['state'] {
    if (this.#draining) return 'draining'
    if (this.#slots.some(slot => slot.state === 'ready')) return 'ready'
    return this.#slots.some(slot => slot.state === 'failed') ? 'failed' : 'starting'
  }

  get message(): string | undefined {
    return this.#slots.find(slot => slot.state !== 'ready' && slot.message !== undefined)?.message
  }

  /** Takes a request; `done` is called once, with the worker's answer or the reason why there is none. */
  submit(request: WorkerRequest, done: (outcome: Outcome) => void): void {
    const refusal = this.#refusal(request)
    if (refusal !== undefined) {
      done(refusal)
      return
    }
    const size = request.body.length
    this.#open += 1
    this.#waitingBytes += size
    const pending = new Pending(request, this.deployment.request_settings.request_timeout_ms, outcome => {
      this.#open -= 1
      this.#waitingBytes -= size
      done(outcome)
      if (this.#open === 0) this.#drained?.()
    })
    const slot = this.#freest()
    if (slot !== undefined && this.#line.length === 0) slot.give(pending)
    else this.#wait(pending)
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
    for (const slot of this.#slots) slot.stop(stopGraceMs)
    setImmediate(() => this.#listener.drained(this.deployment.revision_id))
  }

  /** Ends everything now. */
  kill(): void {
    this.#draining = true
    this.#killed = true
    clearInterval(this.#logTimer)
    for (const slot of this.#slots) slot.kill()
    for (const pending of this.#line.clear()) pending.settle(unavailable('the gateway is stopping'))
  }

  get workersReady(): number {
    return this.#slots.filter(slot => slot.state === 'ready').length
  }

  get restarts(): number {
    return this.#slots.reduce((sum, slot) => sum + slot.restarts, 0)
  }

  get pid(): number | undefined {
    return this.#slots.find(slot => slot.pid !== undefined)?.pid
  }

  logTail(lines: number): string[] {
    return logTail(this.logFile, lines)
  }

  #refusal(request: WorkerRequest): HaganeError | undefined {
    if (this.#draining) return unavailable('the deployment is being removed')
    if (this.state === 'failed') {
      return unavailable(`the deployment does not start: ${this.message ?? 'its worker ended'}`)
    }
    const { max_concurrent_requests_per_instance: perWorker } = this.deployment.request_settings
    const limit = perWorker === undefined ? defaultWaiting : 2 * perWorker * this.deployment.workers
    if (this.#open >= limit) return tooMany(`${limit} requests are open, which is the limit of this deployment`)
    if (this.#open > 0 && this.#waitingBytes + request.body.length > largestWaitingBytes) {
      return tooMany('the open requests hold as many bytes as this deployment may keep')
    }
    return undefined
  }

  #freest(): WorkerSlot | undefined {
    let best: WorkerSlot | undefined
    for (const slot of this.#slots) {
      if (slot.state !== 'ready' || slot.load >= this.#depth(slot) || slot.overdue) continue
      if (best === undefined || slot.load < best.load) best = slot
    }
    return best
  }

  #depth(slot: WorkerSlot): number {
    const { description } = slot
    if (description?.batching === true) return batchDepth
    if (description?.kind === 'command')
      return this.deployment.request_settings.max_concurrent_requests_per_instance ?? batchDepth
    return this.deployment.workers === 1 ? soloDepth : 1
  }

  /** While workers are ready, waiting is for a free one and limited; while none is, the request's own time is the limit. */
  #wait(pending: Pending): void {
    this.#line.push(pending)
    const { max_queue_wait_ms: limit, request_timeout_ms: timeout } = this.deployment.request_settings
    if (limit >= timeout) return
    setTimeout(() => {
      if (!pending.settled && pending.attempts === 0 && this.workersReady > 0) {
        pending.settle(tooMany(`no worker was free within max_queue_wait_ms (${limit})`))
      }
    }, limit)
  }

  #changed(): void {
    for (let slot = this.#freest(); slot !== undefined && this.#line.length > 0; slot = this.#freest()) {
      const next = this.#line.shift()
      if (next === undefined) break
      slot.give(next)
    }
    if (this.state === 'failed') {
      const failure = unavailable(`the deployment does not start: ${this.message ?? 'its worker ended'}`)
      for (const pending of this.#line.clear()) pending.settle(failure)
    }
    const state = `${this.state} ${this.workersReady} ${this.restarts}`
    if (state === this.#lastState) return
    this.#lastState = state
    this.#listener.changed()
  }

  /** Requests of a worker that died are given to another one once; the second time they are taken to be the cause. */
  #retry(pendings: Pending[]): void {
    const again: Pending[] = []
    for (const pending of pendings) {
      if (pending.settled) continue
      if (pending.attempts < 2 && !this.#killed) again.push(pending)
      else pending.settle(new HaganeError('internal', 'the worker ended while it answered this request'))
    }
    this.#line.unshift(again)
  }
}

const unavailable = (message: string): HaganeError =>
  new HaganeError('unavailable', message, { hint: 'show the deployment and its log to see why' })

const tooMany = (message: string): HaganeError =>
  new HaganeError('rate_limited', message, { hint: 'send it again after the time in Retry-After' })
