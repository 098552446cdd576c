import { appendFileSync } from 'node:fs'
import type { GatewayDeployment, ProbeSettings } from '@hagane/contract'
import { BackOff } from './back-off.ts'
import { CommandWorker } from './command-worker.ts'
import type { WorkerAnswer } from './frames.ts'
import { InFlight } from './in-flight.ts'
import { LivenessProbe } from './liveness-probe.ts'
import { MemoryWatch } from './memory-watch.ts'
import type { Pending } from './pending.ts'
import type { ModelDescription, Worker, WorkerListener, WorkerStart } from './worker.ts'
import { WorkerProcess } from './worker-process.ts'

export type SlotState = 'starting' | 'ready' | 'failed' | 'leaving' | 'stopped'

export interface SlotOwner {
  /** A slot changed its state. */
  changed(slot: WorkerSlot): void
  /** A slot can take more; said after every answer, so it has to cost little. */
  freed(): void
  /** The worker died with these requests unanswered. */
  orphaned(pendings: Pending[], why?: string): void
  /** It answers so many requests, two or more, with one predict call. */
  batched(size: number): void
}

/** A model that loaded before is given this many starts before it counts as failed; a new one fails with its first. */
const startsOfAKnownModel = 3
/** A start that was killed from outside says nothing of the model; so many in a row are taken for it. */
const startsOfAKilled = 6

/** How long an overdue request may keep a worker busy before the worker is taken for hung. */
const hungAfterMs = (timeoutMs: number): number => Math.max(10_000, 2 * timeoutMs)

const openWorker = (start: WorkerStart, listener: WorkerListener): Worker =>
  start.deployment.runtime.kind === 'command' ? new CommandWorker(start, listener) : new WorkerProcess(start, listener)

/** One place of a deployment: the worker that fills it now, the requests it has, and its restarts. */
export class WorkerSlot {
  state: SlotState = 'starting'
  description: ModelDescription | undefined
  restarts = 0
  message: string | undefined
  readonly #start: WorkerStart
  readonly #owner: SlotOwner
  #liveness: ProbeSettings
  #timeoutMs: number
  readonly #backOff = new BackOff()
  readonly #inFlight = new InFlight()
  #process: Worker | undefined
  #readySince: number | undefined
  #timer: NodeJS.Timeout | undefined
  #failedStarts = 0
  readonly #probe: LivenessProbe
  #late = 0
  #graceMs = 0
  #memory: MemoryWatch | undefined
  #memoryLimit: number | undefined
  #tooMuch: string | undefined
  /** The worker has said, or shown, that it cannot do what it is to do. */
  #isItsFault = false
  readonly #isLate = (): void => {
    this.#late += 1
  }

  constructor(start: WorkerStart, owner: SlotOwner) {
    this.#start = start
    this.#owner = owner
    this.#liveness = start.deployment.liveness_probe
    this.#timeoutMs = start.deployment.request_settings.request_timeout_ms
    this.#memoryLimit = start.deployment.memory_limit
    this.#probe = new LivenessProbe(this.#liveness, {
      canAnswer: () => this.#canAnswer(),
      ping: () => this.#process?.ping(),
      dead: () => this.#process?.kill(),
    })
    this.#launch()
  }

  get pid(): number | undefined {
    return this.#process?.pid
  }

  get load(): number {
    return this.#inFlight.size + (this.#process?.streams ?? 0)
  }

  /** A request that the worker has is overdue: it is stuck in one, and others had better go elsewhere. */
  get overdue(): boolean {
    return this.#late > 0
  }

  give(pending: Pending): void {
    const id = this.#inFlight.add(pending)
    pending.attempts += 1
    pending.request.trace?.given()
    pending.onTimeout = this.#isLate
    this.#process?.request(id, pending, this.#inFlight.size === 1)
  }

  /** Takes over times and limits; a probe that runs goes on by the new ones. */
  reconfigure(deployment: GatewayDeployment): void {
    this.#liveness = deployment.liveness_probe
    this.#timeoutMs = deployment.request_settings.request_timeout_ms
    this.#memoryLimit = deployment.memory_limit
    this.#watchMemory(this.#memoryLimit)
    if (this.state === 'ready') this.#probe.start(this.#liveness)
  }

  /** Takes nothing more, answers what it has, and ends. */
  leave(graceMs: number): void {
    if (this.#inFlight.size === 0) {
      this.stop(graceMs)
      return
    }
    this.state = 'leaving'
    this.#graceMs = graceMs
  }

  /** Ends the worker; what it still has is expected to be none. */
  stop(graceMs: number): void {
    this.state = 'stopped'
    this.#quiet()
    this.#process?.stop(graceMs)
  }

  kill(): void {
    this.state = 'stopped'
    this.#quiet()
    this.#process?.kill()
  }

  #quiet(): void {
    clearTimeout(this.#timer)
    this.#probe.stop()
  }

  /** A slot whose model did not load stays `failed` while it tries again, until it does. */
  #launch(): void {
    if (this.state !== 'failed') this.state = 'starting'
    this.#isItsFault = false
    this.#readySince = undefined
    this.#process = openWorker(this.#start, {
      ready: description => this.#ready(description),
      failed: message => this.#failed(message),
      answered: (id, answer) => this.#answered(id, answer),
      pong: () => this.#probe.answered(),
      streamed: () => this.#owner.freed(),
      batched: size => this.#owner.batched(size),
      ended: (how, signal) => this.#endedNow(how, signal),
    })
    this.#watchMemory(this.#memoryLimit)
    const { initial_delay, period, failure_threshold } = this.#liveness
    this.#timer = setTimeout(() => this.#tooSlow(), (initial_delay + period * failure_threshold) * 1000)
  }

  /** A worker that holds more than it may is ended before the machine has none left for anybody. */
  #watchMemory(limit: number | undefined): void {
    this.#memory?.stop()
    if (limit === undefined) return
    this.#memory = new MemoryWatch(
      () => this.#process?.pid,
      limit,
      why => {
        this.#tooMuch = why
        this.#isItsFault = true
        appendFileSync(this.#start.logFile, `worker ${this.#process?.pid} was ended: ${why}\n`)
        this.#process?.kill()
      },
    )
  }

  #tooSlow(): void {
    this.#isItsFault = true
    const { initial_delay, period, failure_threshold } = this.#liveness
    const limit = `${initial_delay + period * failure_threshold} s (liveness_probe: initial_delay + period * failure_threshold)`
    const trouble = this.#process?.trouble
    this.message = `the model was not loaded within ${limit}${trouble === undefined ? '' : `: ${trouble}`}`
    this.#process?.kill()
  }

  #ready(description: ModelDescription): void {
    if (this.state === 'stopped' || this.state === 'leaving') return
    clearTimeout(this.#timer)
    this.state = 'ready'
    this.message = undefined
    this.description = description
    this.#start.warm?.prepare(this.#start, description.modules ?? [])
    this.#readySince = performance.now()
    this.#probe.start(this.#liveness)
    this.#owner.changed(this)
  }

  #failed(message: string): void {
    this.#isItsFault = true
    this.message = message
  }

  /** A worker that computes cannot answer a ping, so it counts as alive until its request is long overdue. */
  #canAnswer(): boolean {
    const first = this.#inFlight.oldest()
    if (first === undefined) return true
    if (performance.now() > first.arrivedAt + this.#timeoutMs + hungAfterMs(this.#timeoutMs)) this.#process?.kill()
    return this.#process?.pingsWhileBusy === true
  }

  #answered(id: number, answer: WorkerAnswer): void {
    const pending = this.#inFlight.take(id)
    this.#probe.worked()
    if (pending?.timedOut === true) this.#late -= 1
    pending?.settle(answer)
    if (this.state === 'leaving' && this.#inFlight.size === 0) this.stop(this.#graceMs)
    this.#owner.freed()
  }

  #endedNow(how: string, signal?: NodeJS.Signals | null): void {
    this.#quiet()
    this.#memory?.stop()
    const why = this.#tooMuch
    this.#tooMuch = undefined
    this.#process = undefined
    const orphans = this.#inFlight.clear()
    for (const orphan of orphans) orphan.onTimeout = undefined
    this.#late = 0
    if (this.state === 'stopped' || this.state === 'leaving') {
      this.state = 'stopped'
      this.#owner.orphaned(orphans)
      this.#owner.changed(this)
      return
    }
    const ranMs = this.#readySince === undefined ? undefined : performance.now() - this.#readySince
    this.#failedStarts = ranMs === undefined ? this.#failedStarts + 1 : 0
    const isKilled = signal === 'SIGKILL' && !this.#isItsFault
    const known = this.description === undefined ? 1 : startsOfAKnownModel
    const given = isKilled ? startsOfAKilled : known
    this.state = this.#failedStarts >= given ? 'failed' : 'starting'
    this.message = why === undefined ? (this.message ?? `the worker ${how}`) : `the worker was ended: ${why}`
    this.restarts += 1
    this.#timer = setTimeout(() => this.#launch(), this.#backOff.next(ranMs))
    this.#owner.orphaned(orphans, why)
    this.#owner.changed(this)
  }
}
