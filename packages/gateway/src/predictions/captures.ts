import { closeSync, mkdirSync, openSync, readdirSync, renameSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'
import { captureFrames, predictionHour } from '@hagane/contract'
import { appendWhole } from '../files/append.ts'
import { jsonFrame } from './exchange.ts'
import { ulid } from './ulid.ts'

/** A file is closed when it has grown to this, so that what is still raw is never much. */
const largestFile = 32 * 2 ** 20
/** What was captured waits at most this long to become a table. */
const longestOpenMs = 600_000

/** Answers to requests of an hour that is over come late. */
const graceMs = 60_000
const hourMs = 3_600_000

interface OpenFile {
  readonly name: string
  readonly path: string
  readonly descriptor: number
  readonly openedAt: number
  readonly hour: string
  size: number
}

/**
 * The raw content of exchanges, appended as it comes. It is turned into tables elsewhere: here nothing is parsed. Layout
 * in the contract's captures.ts.
 */
export class Captures {
  readonly #root: string
  readonly #open = new Map<string, OpenFile>()

  constructor(folder: string) {
    this.#root = join(folder, 'captures')
    mkdirSync(this.#root, { recursive: true, mode: 0o700 })
    this.#closeLeftovers()
  }

  /** Appends whole frames with one write; after it returns they outlive this process. `header` is written into a new file. */
  append(name: string, arrivedAt: number, frames: readonly Buffer[], header: () => unknown): void {
    const file = this.#file(name, predictionHour(arrivedAt), header)
    write(file, frames.length === 1 ? (frames[0] as Buffer) : Buffer.concat(frames))
    if (file.size >= largestFile) this.#close(file)
  }

  /** Closes files of hours that are over and those that are old enough. */
  closeFinished(now: number): void {
    for (const file of this.#open.values()) {
      const isOver = Date.parse(`${file.hour}:00:00.000Z`) + hourMs + graceMs <= now
      if (isOver || now - file.openedAt >= longestOpenMs) this.#close(file)
    }
  }

  /** Closes what is open, of one name or altogether; what comes later goes into further files. */
  close(name?: string): void {
    for (const file of this.#open.values()) if (name === undefined || file.name === name) this.#close(file)
  }

  #file(name: string, hour: string, header: () => unknown): OpenFile {
    const known = this.#open.get(`${name}/${hour}`)
    if (known !== undefined) return known
    const folder = join(this.#root, name)
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    const openedAt = Date.now()
    const path = join(folder, `${hour}.${ulid(openedAt)}.open`)
    const file: OpenFile = { name, path, descriptor: openSync(path, 'ax', 0o600), openedAt, hour, size: 0 }
    try {
      write(file, jsonFrame(captureFrames.header, header()))
    } catch (error) {
      closeSync(file.descriptor)
      unlinkSync(path)
      throw error
    }
    this.#open.set(`${name}/${hour}`, file)
    return file
  }

  #close(file: OpenFile): void {
    this.#open.delete(`${file.name}/${file.hour}`)
    closeSync(file.descriptor)
    renameSync(file.path, finished(file.path))
  }

  /** What a gateway that was killed had open; nobody appends to it again. */
  #closeLeftovers(): void {
    for (const entry of readdirSync(this.#root, { recursive: true, encoding: 'utf8' })) {
      const path = join(this.#root, entry)
      if (path.endsWith('.open')) renameSync(path, finished(path))
    }
  }
}

const finished = (path: string): string => path.replace(/\.open$/, '.capture')

function write(file: OpenFile, bytes: Buffer): void {
  file.size = appendWhole(file.descriptor, file.size, bytes)
}
