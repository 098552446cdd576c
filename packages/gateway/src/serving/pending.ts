import { HaganeError } from '@hagane/contract'
import type { WorkerAnswer, WorkerRequest } from './frames.ts'

/** How a request ended: the worker's answer, or why there is none. */
export type Outcome = WorkerAnswer | HaganeError

/** A failure whose status only a gateway has. */
export class GatewayFailure extends HaganeError {
  readonly #status: number

  constructor(status: number, kind: HaganeError['kind'], message: string, hint?: string) {
    super(kind, message, hint === undefined ? {} : { hint })
    this.#status = status
  }

  override get status(): number {
    return this.#status
  }
}

/** Nobody waits for the answer any more; it is told to nobody, and counted with the status that nginx gave to this. */
export const callerGone = new GatewayFailure(499, 'unavailable', 'the caller has closed the connection')

/** A request on its way: waiting, or with a worker. It is settled once, whatever happens later. */
export class Pending {
  readonly request: WorkerRequest
  readonly arrivedAt: number
  readonly deadline: number
  /** How often it was given to a worker; one whose worker dies is tried a second time, alone. */
  attempts = 0
  settled = false
  timedOut = false
  /** Told when the caller gets no answer in time; set by whoever has the request then. */
  onTimeout: (() => void) | undefined
  #timer: NodeJS.Timeout | undefined
  readonly #done: (outcome: Outcome) => void

  constructor(request: WorkerRequest, timeoutMs: number, done: (outcome: Outcome) => void) {
    this.request = request
    this.arrivedAt = performance.now()
    this.deadline = this.arrivedAt + timeoutMs
    this.#done = done
    this.#timer = setTimeout(() => this.#timeOut(timeoutMs), timeoutMs)
  }

  /** Whoever asked has gone: a worker that has it may finish, nobody else begins. */
  abandon(): void {
    this.settle(callerGone)
  }

  settle(outcome: Outcome): void {
    if (this.settled) return
    this.settled = true
    clearTimeout(this.#timer)
    this.#done(outcome)
  }

  #timeOut(timeoutMs: number): void {
    if (this.settled) return
    this.timedOut = true
    this.onTimeout?.()
    this.settle(tookTooLong(timeoutMs))
  }
}

/** Azure ML's name for it is request_timeout_ms; answered as 504 since it is the gateway that stops waiting. */
const tookTooLong = (timeoutMs: number): HaganeError =>
  new GatewayFailure(
    504,
    'timeout',
    `the model did not answer within ${timeoutMs} ms`,
    'raise request_settings.request_timeout_ms of the deployment, or send fewer rows at a time',
  )

/** First in, first out, without moving the rest; settled entries are passed over. */
export class WaitingLine {
  #items: Pending[] = []
  #head = 0

  get length(): number {
    return this.#items.length - this.#head
  }

  push(pending: Pending): void {
    this.#items.push(pending)
  }

  /** Puts requests back in front, in their order. */
  unshift(pendings: Pending[]): void {
    this.#items = [...pendings, ...this.#items.slice(this.#head)]
    this.#head = 0
  }

  shift(): Pending | undefined {
    while (this.#head < this.#items.length) {
      const item = this.#items[this.#head++] as Pending
      if (this.#head > 512 && this.#head * 2 > this.#items.length) {
        this.#items = this.#items.slice(this.#head)
        this.#head = 0
      }
      if (!item.settled) return item
    }
    this.#items = []
    this.#head = 0
    return undefined
  }

  /** Takes out everything that still waits. */
  clear(): Pending[] {
    const rest = this.#items.slice(this.#head).filter(item => !item.settled)
    this.#items = []
    this.#head = 0
    return rest
  }
}
