import { createHash, type Hash } from 'node:crypto'
import { closeSync, createReadStream, openSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { type SealedSegment, segmentsOfHour } from '@hagane/contract'
import { appendWhole } from '../files/append.ts'
import { writeAtomic } from '../files/atomic.ts'

const newline = 10

/** An open file of records. Its digest is kept up while it grows, so sealing does not read it again. */
export class Segment {
  readonly folder: string
  readonly name: string
  readonly #descriptor: number
  readonly #hash: Hash = createHash('sha256')
  #count = 0
  #size = 0

  constructor(folder: string, name: string) {
    this.folder = folder
    this.name = name
    this.#descriptor = openSync(join(folder, `${name}.ndjson`), 'ax', 0o600)
  }

  /** Appends whole lines with one write, or none; after it returns the records outlive this process. */
  append(lines: string, count: number): void {
    const bytes = Buffer.from(lines, 'utf8')
    this.#size = appendWhole(this.#descriptor, this.#size, bytes)
    this.#hash.update(bytes)
    this.#count += count
  }

  close(): SealedSegment {
    closeSync(this.#descriptor)
    return {
      revision_id: basename(this.folder),
      segment: this.name,
      digest: this.#hash.digest('hex'),
      count: this.#count,
    }
  }
}

/** A name for a further segment of an hour that no file has yet. */
export function freeSegmentName(files: readonly string[], hour: string): string {
  const taken = segmentsOfHour(files, hour)
  const last = taken.at(-1)
  if (last === undefined) return hour
  return `${hour}.${Number(last.slice(hour.length + 1) || 1) + 1}`
}

/** Says for good what a segment holds: `<segment>.sealed.json` beside it. */
export function writeSeal(folder: string, sealed: SealedSegment): void {
  writeAtomic(join(folder, `${sealed.segment}.sealed.json`), `${JSON.stringify(sealed)}\n`)
}

/** Reads a segment that an earlier gateway left open. A last line without its end was never acknowledged as written. */
export async function sealLeftover(path: string): Promise<SealedSegment> {
  const hash = createHash('sha256')
  let count = 0
  for await (const chunk of createReadStream(path, { highWaterMark: 2 ** 20 }) as AsyncIterable<Buffer>) {
    hash.update(chunk)
    for (let at = chunk.indexOf(newline); at >= 0; at = chunk.indexOf(newline, at + 1)) count += 1
  }
  return {
    revision_id: basename(dirname(path)),
    segment: basename(path, '.ndjson'),
    digest: hash.digest('hex'),
    count,
  }
}

/** Files of segments below `root` that nobody sealed: what a gateway that was killed left behind. */
export async function unsealedSegments(root: string): Promise<string[]> {
  const found: string[] = []
  for (const revision of await readdir(root)) {
    if (!/^[0-9a-f]{16}$/.test(revision)) continue
    const files = new Set(await readdir(join(root, revision)))
    for (const file of files) {
      if (!file.endsWith('.ndjson') || files.has(`${file.slice(0, -'.ndjson'.length)}.sealed.json`)) continue
      found.push(join(root, revision, file))
    }
  }
  return found
}
