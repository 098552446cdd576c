import { type JobStatus, type StepProgress, terminalStatuses } from '@hagane/contract'
import { harmless } from '../terminal/terminal.ts'
import { LogReader } from './log-reader.ts'
import { PrefixedLines } from './prefixed-lines.ts'
import { ask, type Watch } from './watch.ts'

const silentStatuses: readonly JobStatus[] = ['NotStarted', 'Queued']

/** What was already told of one step of a watched pipeline. */
export class StepLog {
  #status: JobStatus | undefined
  #finished = false
  #reader: LogReader | undefined
  readonly #lines: PrefixedLines
  readonly #watch: Watch
  readonly #label: string

  constructor(watch: Watch, label: string) {
    this.#watch = watch
    this.#label = label
    this.#lines = new PrefixedLines(`[${label}] `)
  }

  /** Tells what is new: first the log that belongs to the status before, then the new status. */
  async advance(step: StepProgress, remark = ''): Promise<void> {
    if (this.#finished) return
    if (hasLog(step)) await this.#writeLog(step)
    if (step.status !== this.#status) this.#watch.write(statusLine(step, this.#label, remark))
    this.#status = step.status
    this.#finished = isOver(step)
  }

  async #writeLog(step: StepProgress): Promise<void> {
    this.#reader ??= new LogReader(this.#watch.client, step.name)
    const reader = this.#reader
    const read = () => ask(this.#watch, () => reader.read(0, this.#watch.signal))
    for (let text = await read(); text !== ''; text = await read()) this.#watch.write(this.#lines.take(text))
    if (isOver(step)) this.#watch.write(this.#lines.take(reader.rest()) + this.#lines.rest())
  }
}

const isOver = (step: StepProgress): boolean => terminalStatuses.includes(step.status)

const hasLog = (step: StepProgress) =>
  step.type === 'command' && !silentStatuses.includes(step.status) && step.reused_from === undefined

/** `[2026-11-23 22:50:10Z] train  Completed (reused brave_iron_12)` */
function statusLine(step: StepProgress, label: string, remark: string): string {
  const time = new Date().toISOString().replace('T', ' ').slice(0, 19)
  const reused = step.reused_from === undefined ? '' : ` (reused ${step.reused_from})`
  const again = step.retry === undefined ? '' : ` (${harmless(step.retry)})`
  return `[${time}Z] ${label}  ${step.status}${reused}${again}${remark}\n`
}
