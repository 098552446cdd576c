import { mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { type CapturedFeedback, captureFrames, type PredictionRecord, predictionHour } from '@hagane/contract'
import { Captures } from './captures.ts'
import { type Exchange, exchangeFrame, headerOf, jsonFrame } from './exchange.ts'
import { freeSegmentName, Segment, sealLeftover, unsealedSegments, writeSeal } from './segment.ts'
import type { Unreported } from './unreported.ts'

const hourMs = 3_600_000
/** A request of that hour which is answered even later opens a further segment. */
const graceMs = 60_000
const sealCheckMs = 30_000

interface Waiting {
  line: string
  key: string
  sent: (error: Error | undefined) => void
  arrivedAt: number
  exchange?: Exchange | undefined
  frame?: Buffer | undefined
}

interface OpenSegment {
  segment: Segment
  hour: number
}

/**
 * Writes down what was predicted before anyone is told. Records that are ready in one turn of the event loop leave in
 * one write per file (group commit); it is not synced, so they outlive the process but not the machine.
 */
export class Collector {
  readonly #root: string
  readonly #unreported: Unreported
  readonly #onSealed: () => void
  readonly #captures: Captures
  readonly #open = new Map<string, OpenSegment>()
  readonly #timer: NodeJS.Timeout
  #waiting: Waiting[] = []

  constructor(folder: string, unreported: Unreported, onSealed: () => void) {
    this.#root = join(folder, 'predictions')
    this.#unreported = unreported
    this.#onSealed = onSealed
    mkdirSync(this.#root, { recursive: true, mode: 0o700 })
    this.#captures = new Captures(folder)
    this.#timer = setInterval(() => this.#closeFinished(Date.now()), sealCheckMs)
  }

  /**
   * Records a prediction, and what of its content is to be kept; `sent` is called once all is written, or with the reason
   * why it could not be.
   */
  record(
    record: PredictionRecord,
    arrivedAt: number,
    sent: (error: Error | undefined) => void,
    exchange?: Exchange,
  ): void {
    const line = `${JSON.stringify(record)}\n`
    const key = `${record.revision}/${predictionHour(arrivedAt)}`
    const frame = exchange === undefined ? undefined : exchangeFrame(record, line, exchange)
    if (this.#waiting.push({ line, key, sent, arrivedAt, exchange, frame }) === 1) setImmediate(() => this.flush())
  }

  /** Writes feedback down; after it returns it outlives this process. */
  feedback(said: CapturedFeedback): void {
    const { workspace } = said
    const frame = jsonFrame(captureFrames.feedback, said)
    this.#captures.append(`feedback-${workspace}`, Date.parse(said.received_at), [frame], () => ({ workspace }))
  }

  /** Closes what was captured so far, so that it can be turned into tables now. */
  closeCaptures(): void {
    this.flush()
    this.#captures.close()
  }

  flush(): void {
    const waiting = this.#waiting
    this.#waiting = []
    const groups = Map.groupBy(waiting, item => item.key)
    for (const [key, items] of groups) {
      const error = this.#append(key, items)
      for (const item of items) item.sent(error)
    }
  }

  /** A disk that is full delays this; it does not end a gateway that serves. */
  #closeFinished(now: number): void {
    try {
      this.sealFinishedHours(now)
      this.#captures.closeFinished(now)
    } catch (error) {
      console.error('predictions of an hour that is over could not be sealed', error)
    }
  }

  /** Seals the segments of every hour that is over for good. */
  sealFinishedHours(now: number): void {
    for (const [key, open] of this.#open) if (open.hour + hourMs + graceMs <= now) this.#seal(key, open)
  }

  /** Seals what a revision has open: it has been drained and answers nothing more. */
  sealRevision(revision: string): void {
    for (const [key, open] of this.#open) if (key.startsWith(`${revision}/`)) this.#seal(key, open)
    this.#captures.close(revision)
  }

  /** Seals what earlier gateways left open. They are not appended to again, so this may run while others are written. */
  async sealLeftovers(): Promise<void> {
    const current = new Set(
      [...this.#open.values()].map(({ segment }) => join(segment.folder, `${segment.name}.ndjson`)),
    )
    for (const path of await unsealedSegments(this.#root)) {
      if (current.has(path)) continue
      const sealed = await sealLeftover(path)
      this.#unreported.add(sealed)
      writeSeal(join(this.#root, sealed.revision_id), sealed)
    }
    this.#onSealed()
  }

  /** Writes what waits and seals everything. */
  close(): void {
    clearInterval(this.#timer)
    this.flush()
    for (const [key, open] of this.#open) this.#seal(key, open)
    this.#captures.close()
  }

  #append(key: string, items: Waiting[]): Error | undefined {
    try {
      this.#capture(key, items)
      const { segment } = this.#segment(key)
      segment.append(items.map(item => item.line).join(''), items.length)
      return undefined
    } catch (error) {
      return error as Error
    }
  }

  /** Before the record, so that what is recorded is there to be read. */
  #capture(key: string, items: Waiting[]): void {
    const frames = items.flatMap(({ frame }) => (frame === undefined ? [] : [frame]))
    const first = items.find(item => item.frame !== undefined)
    if (first?.exchange === undefined) return
    const { arrivedAt, exchange } = first
    this.#captures.append(key.slice(0, key.indexOf('/')), arrivedAt, frames, () => headerOf(exchange))
  }

  #segment(key: string): OpenSegment {
    const known = this.#open.get(key)
    if (known !== undefined) return known
    const [revision, hour] = key.split('/') as [string, string]
    const folder = join(this.#root, revision)
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    const open = {
      segment: new Segment(folder, freeSegmentName(readdirSync(folder), hour)),
      hour: Date.parse(`${hour}:00:00.000Z`),
    }
    this.#open.set(key, open)
    return open
  }

  #seal(key: string, open: OpenSegment): void {
    this.#open.delete(key)
    const sealed = open.segment.close()
    this.#unreported.add(sealed)
    writeSeal(open.segment.folder, sealed)
    this.#onSealed()
  }
}
