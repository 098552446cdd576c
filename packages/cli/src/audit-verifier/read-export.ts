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

/** Text of each line, and whether it was ended by a newline. */
async function* linesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<{ bytes: Buffer; whole: boolean }> {
  let rest = Buffer.alloc(0)
  for await (const chunk of chunks) {
    rest = rest.length === 0 ? Buffer.from(chunk) : Buffer.concat([rest, chunk])
    let from = 0
    for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10, from)) {
      yield { bytes: rest.subarray(from, end + 1), whole: true }
      from = end + 1
    }
    rest = rest.subarray(from)
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

/**
 * Reads an export once. Without `keep` it stops at the first event that does not follow on the one before, and holds no
 * more than one line in memory; `sizes` are those at which the tree's root is wanted.
 */
export async function scan(
  chunks: AsyncIterable<Uint8Array>,
  sizes: (header: Header) => readonly number[],
  keep: boolean,
): Promise<Scan> {
  const state: Scan = {
    ...{ unbroken: true, lines: 0, seq: 0, head: '', sameBytes: false, cut: false, crlf: false },
    ...{ at: new Map(), found: [] },
  }
  const bytes = createHash('sha256')
  let tree = new GrowingTree()
  let wanted = new Set<number>()
  const note = () => wanted.has(state.seq) && state.at.set(state.seq, { root: tree.root(), head: state.head })
  for await (const line of linesOf(chunks)) {
    state.lines += 1
    state.cut = !line.whole
    const text = line.bytes.toString('utf8', 0, line.bytes.length - (line.whole ? 1 : 0))
    if (state.lines === 1) state.crlf = text.endsWith('\r')
    const value = parsed(text)
    if (value?.hagane_audit === 1 && state.header === undefined) {
      const header = value as unknown as Header
      Object.assign(state, { header, headerLine: state.lines, seq: header.after, head: header.after_hash })
      const frontier = Array.isArray(header.frontier) ? header.frontier : []
      tree = new GrowingTree(header.after, frontier.map(String))
      wanted = new Set(sizes(header))
      note()
      if (state.lines > 1 && !keep) return { ...state, header: undefined }
    } else if (value?.hagane_audit_end === 1 && state.trailer === undefined) {
      Object.assign(state, { trailer: value, trailerLine: state.lines })
      state.sameBytes = bytes.copy().digest('hex') === value.sha256 && JSON.stringify(value) === text
    } else {
      const row = value as unknown as EventLine | undefined
      const digest = row === undefined ? undefined : hashOf(row)
      const sound = row !== undefined && digest === row.hash
      if (sound && row.seq === state.seq + 1 && row.prev_hash === state.head && state.trailer === undefined) {
        Object.assign(state, { seq: row.seq, head: row.hash })
        tree.add(row.hash)
        note()
      } else state.unbroken = false
      if (keep) state.found.push(foundAt(state.lines, row, { text, sound }))
      else if (!state.unbroken) return state
    }
    bytes.update(line.bytes)
  }
  return state
}
