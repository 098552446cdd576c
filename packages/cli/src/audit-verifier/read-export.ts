import { createHash, hash } from 'node:crypto'
import { GrowingTree } from './tree.ts'

/** The first line of an export: what the server signed about the events that follow. */
export interface Header {
  readonly hagane_audit: 1
  readonly origin: string
  /** The export begins behind this event. */
  readonly after: number
  readonly after_hash: string
  /** Roots of the whole subtrees over the events up to `after`, largest first. */
  readonly frontier: readonly string[]
  readonly size: number
  readonly head: string
  readonly public_key: string
  /** Signed at `after`. */
  readonly begin: string
  /** Signed at `size`. */
  readonly checkpoint: string
  /** Those that the server kept, oldest first. */
  readonly checkpoints: readonly string[]
}

/** The last line of an export. */
export interface Trailer {
  readonly hagane_audit_end: 1
  readonly count: number
  readonly head: string
  /** Of every byte before this line. */
  readonly sha256: string
}

export interface EventLine {
  readonly seq: number
  readonly id: string
  readonly time: string
  readonly workspace: string
  readonly actor: string
  readonly type: string
  readonly subject: string
  /** JSON text. */
  readonly data: string
  readonly prev_hash: string
  readonly hash: string
}

/** SHA-256(prev_hash ‖ JSON of the seven fields ‖ data), all as UTF-8 text. */
export const hashOf = (row: EventLine): string =>
  hash(
    'sha256',
    row.prev_hash +
      JSON.stringify([row.seq, row.id, row.time, row.workspace, row.actor, row.type, row.subject]) +
      row.data,
    'hex',
  )

/** An event in the one way in which a server writes it: these fields, in this order, without spaces. */
const written = ({ seq, id, time, workspace, actor, type, subject, data, prev_hash, hash }: EventLine): string =>
  JSON.stringify({ seq, id, time, workspace, actor, type, subject, data, prev_hash, hash })

/** One line as it was found: an event, or what could not be read as one. */
export interface Found {
  readonly line: number
  readonly event?: Partial<EventLine>
  /** Its content matches its hash, and it is written as the server writes. */
  readonly sound: boolean
  /** Its content matches its hash, but not a byte of it may differ from what the server writes. */
  readonly respelled?: boolean
}

export interface Scan {
  header?: Header | undefined
  headerLine?: number
  trailer?: Trailer
  trailerLine?: number
  /** Every event follows on the one before. */
  unbroken: boolean
  lines: number
  /** The last event of the unbroken part. */
  seq: number
  head: string
  /** Whether the bytes before the trailer are those that it names. */
  sameBytes: boolean
  /** Root and last hash at each size that was asked for. */
  at: Map<number, { root: string; head: string }>
  /** Only when asked for: every line that is neither header nor trailer. */
  found: Found[]
  /** The last line has no end. */
  cut: boolean
  /** The first line ends with CR LF. */
  crlf: boolean
}

/** Whole lines as they come, many at once, and at the end what is left without a newline. */
async function* piecesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<{ bytes: Buffer; whole: boolean }> {
  let rest: Buffer = Buffer.alloc(0)
  for await (const chunk of chunks) {
    rest = rest.length === 0 ? Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length) : Buffer.concat([rest, chunk])
    const end = rest.lastIndexOf(10) + 1
    if (end === 0) continue
    yield { bytes: rest.subarray(0, end), whole: true }
    rest = Buffer.from(rest.subarray(end))
  }
  if (rest.length > 0) yield { bytes: rest, whole: false }
}

function parsed(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}

function foundAt(line: number, row: EventLine | undefined, { text, sound }: { text: string; sound: boolean }): Found {
  const isWritten = row !== undefined && sound && written(row) === text
  return { line, ...(row === undefined ? {} : { event: row }), sound: isWritten, respelled: sound && !isWritten }
}

type Sizes = (header: Header) => readonly number[]

/** What is known of an export so far. */
class Reading {
  readonly state: Scan = {
    ...{ unbroken: true, lines: 0, seq: 0, head: '', sameBytes: false, cut: false, crlf: false },
    ...{ at: new Map(), found: [] },
  }
  readonly #bytes = createHash('sha256')
  readonly #sizes: Sizes
  readonly #keep: boolean
  #tree = new GrowingTree()
  #wanted = new Set<number>()

  constructor(sizes: Sizes, keep: boolean) {
    this.#sizes = sizes
    this.#keep = keep
  }

  /** Takes some lines; false when nothing more need be read. */
  take(bytes: Buffer, whole: boolean): boolean {
    const lines = bytes.toString('utf8').split('\n')
    if (whole) lines.pop()
    const before = (line: number) => {
      const length = lines.slice(0, line).reduce((sum, text) => sum + Buffer.byteLength(text) + 1, 0)
      return this.#bytes.copy().update(bytes.subarray(0, length)).digest('hex')
    }
    for (let i = 0; i < lines.length; i++) {
      this.state.lines += 1
      this.state.cut = !whole
      if (!this.#line(lines[i] as string, () => before(i))) return false
    }
    this.#bytes.update(bytes)
    return true
  }

  #line(text: string, digestBefore: () => string): boolean {
    const { state } = this
    if (state.lines === 1) state.crlf = text.endsWith('\r')
    const value = parsed(text)
    if (value?.hagane_audit === 1 && state.header === undefined) return this.#first(value as unknown as Header)
    if (value?.hagane_audit_end === 1 && state.trailer === undefined) {
      Object.assign(state, { trailer: value, trailerLine: state.lines })
      state.sameBytes = digestBefore() === value.sha256 && JSON.stringify(value) === text
      return true
    }
    return this.#event(value as unknown as EventLine | undefined, text)
  }

  #first(header: Header): boolean {
    const { state } = this
    state.header = header
    state.headerLine = state.lines
    state.seq = header.after
    state.head = header.after_hash
    const frontier = Array.isArray(header.frontier) ? header.frontier : []
    this.#tree = new GrowingTree(header.after, frontier.map(String))
    this.#wanted = new Set(this.#sizes(header))
    this.#note()
    if (state.lines === 1 || this.#keep) return true
    state.header = undefined
    return false
  }

  #event(row: EventLine | undefined, text: string): boolean {
    const { state } = this
    const sound = row !== undefined && hashOf(row) === row.hash
    if (sound && row.seq === state.seq + 1 && row.prev_hash === state.head && state.trailer === undefined) {
      state.seq = row.seq
      state.head = row.hash
      this.#tree.add(row.hash)
      this.#note()
    } else state.unbroken = false
    if (this.#keep) state.found.push(foundAt(state.lines, row, { text, sound }))
    return this.#keep || state.unbroken
  }

  #note(): void {
    const { seq, head, at } = this.state
    if (this.#wanted.has(seq)) at.set(seq, { root: this.#tree.root(), head })
  }
}

/**
 * Reads an export once. Without `keep` it stops at the first event that does not follow on the one before, and holds no
 * more than some lines in memory; `sizes` are those at which the tree's root is wanted.
 */
export async function scan(chunks: AsyncIterable<Uint8Array>, sizes: Sizes, keep: boolean): Promise<Scan> {
  const reading = new Reading(sizes, keep)
  for await (const { bytes, whole } of piecesOf(chunks)) if (!reading.take(bytes, whole)) break
  return reading.state
}
