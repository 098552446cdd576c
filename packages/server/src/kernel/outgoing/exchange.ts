import type { Dispatcher } from 'undici'
import type { Answer } from './posting.ts'

const LONGEST_EXCERPT = 300
/** What is read of an answer's body, so that the connection can be used again; of one that is longer the rest is not waited for. */
const LONGEST_BODY = 65_536

type Told = Omit<Answer, 'ms'>
type Headers = Record<string, string | string[] | undefined>

/** One request and its answer, told once: when the answer is whole, long enough, too late, or never comes. */
export class Exchange implements Dispatcher.DispatchHandler {
  readonly #tell: (told: Told) => void
  readonly #timer: NodeJS.Timeout
  #controller: Dispatcher.DispatchController | undefined
  #status = 0
  #headers: Headers = {}
  #excerpt: Buffer[] = []
  #size = 0
  #over = false

  constructor(timeoutMs: number, tell: (told: Told) => void) {
    this.#tell = tell
    this.#timer = setTimeout(() => this.#end({ error: `no complete answer within ${timeoutMs / 1000} s` }), timeoutMs)
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    if (this.#over) controller.abort(new Error('too late'))
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: Headers): void {
    this.#status = status
    this.#headers = headers
  }

  onResponseData(_: Dispatcher.DispatchController, bytes: Buffer): void {
    if (!this.#isTaken && this.#size < LONGEST_EXCERPT * 4) this.#excerpt.push(bytes)
    this.#size += bytes.length
    if (this.#size > LONGEST_BODY) this.#end(this.#answer())
  }

  onResponseEnd(): void {
    this.#controller = undefined
    this.#end(this.#answer())
  }

  onResponseError(_: Dispatcher.DispatchController | undefined, error: Error): void {
    this.#controller = undefined
    this.#end({ error: reasonOf(error) })
  }

  get #isTaken(): boolean {
    return this.#status >= 200 && this.#status < 300
  }

  /** What is still under way is given up. */
  #end(told: Told): void {
    if (this.#over) return
    this.#over = true
    clearTimeout(this.#timer)
    this.#tell(told)
    this.#controller?.abort(new Error('not waited for'))
  }

  #answer(): Told {
    if (this.#isTaken) return { status: this.#status }
    const status = this.#status
    const seconds = secondsToWait(this.#headers['retry-after'])
    const location = status >= 300 && status < 400 ? String(this.#headers.location ?? '') : ''
    return {
      ...{ status, ...(seconds > 0 ? { retryAfter: seconds } : {}) },
      excerpt: printable(Buffer.concat(this.#excerpt).toString('utf8')),
      error:
        location === ''
          ? `answered ${status}`
          : `answered ${status}: it redirects to ${printable(location)}, which is not followed`,
    }
  }
}

/** `Retry-After` is seconds or a date: RFC 9110 §10.2.3. 0 when there is none. */
function secondsToWait(value: string | string[] | undefined): number {
  const seconds = Number(value)
  const found = Number.isFinite(seconds) ? seconds : (Date.parse(String(value)) - Date.now()) / 1000
  return found > 0 ? found : 0
}

const printable = (text: string): string => text.slice(0, LONGEST_EXCERPT).replace(/[^\P{C}\n]/gu, '�')

/** Errors of connections say little by themselves; those of several addresses say it once for each. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return reasonOf(error.errors[0])
  if (!(error instanceof Error)) return String(error)
  const { code } = error as NodeJS.ErrnoException
  return code === undefined || error.message.includes(code) ? error.message : `${error.message} (${code})`
}
