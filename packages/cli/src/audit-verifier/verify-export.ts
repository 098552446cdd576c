import { type Fault, nameFaults } from './name-faults.ts'
import { type Header, type Scan, scan } from './read-export.ts'
import { type Checkpoint, openCheckpoint } from './signed-note.ts'

/** What the verification of an export found. */
export interface Verdict {
  readonly ok: boolean
  /** Events that follow on each other from the beginning of the file. */
  readonly events: number
  readonly from: number
  readonly to: number
  readonly head: string
  /** The key whose signatures were checked. */
  readonly public_key: string
  /** Signed checkpoints that the events were compared with. */
  readonly checkpoints: number
  readonly faults: readonly Fault[]
}

interface Trust {
  /** The server's public key from elsewhere; without it the one in the file is taken at its word. */
  readonly publicKey?: string | undefined
  /** Checkpoints that were kept elsewhere. */
  readonly checkpoints?: readonly string[]
}

type Signed = Checkpoint & { readonly note: string; readonly isKept: boolean }

const changed = (line: number, message: string): Fault => ({ kind: 'changed', line, message })

const CRLF =
  "its lines end with CR LF, a server writes LF: it was copied as text. Undo that and check again: tr -d '\\r' < export.jsonl"

/**
 * Checks an export of the audit trail without a server, and says what was changed, removed, inserted, reordered or cut off.
 * `open` is called once, and again when something has to be named. The format is in docs/guides/audit.md.
 */
export async function verifyExport(open: () => AsyncIterable<Uint8Array>, trust: Trust = {}): Promise<Verdict> {
  let signed: Signed[] = []
  const faults: Fault[] = []
  const sizes = (header: Header) => {
    signed = signatures(header, trust, faults)
    return signed.map(({ size }) => size)
  }
  const quick = await scan(open(), sizes, false)
  const all = () => scan(open(), () => [], true)
  const { header } = quick
  if (quick.crlf) faults.push(changed(1, CRLF))
  if (header !== undefined && faults.length === 0) {
    const isWhole = quick.unbroken && quick.seq === header.size && quick.trailerLine === quick.lines
    faults.push(...(isWhole ? await compared(quick, header, signed, all) : named(await all(), header)))
  } else if (header === undefined && faults.length === 0) faults.push(...withoutHeader(await all()))
  const { after = 0, public_key = '' } = header ?? {}
  return {
    ...{ ok: faults.length === 0, events: quick.seq - after, from: after + 1, to: quick.seq, head: quick.head },
    ...{ public_key: trust.publicKey ?? public_key, checkpoints: faults.length === 0 ? signed.length : 0, faults },
  }
}

const fields = 'hagane_audit,origin,after,after_hash,frontier,size,head,public_key,begin,checkpoint,checkpoints'
const isTexts = (value: unknown): boolean => Array.isArray(value) && value.every(one => typeof one === 'string')

/** Every checkpoint that a file carries or that was kept elsewhere; what is wrong with the first line goes to `faults`. */
function signatures(header: Header, trust: Trust, faults: Fault[]): Signed[] {
  if (Object.keys(header).join() !== fields || !isTexts(header.frontier) || !isTexts(header.checkpoints)) {
    faults.push(changed(1, 'the first line is not written as a server writes it'))
    return []
  }
  const key = String(trust.publicKey ?? header.public_key)
  const signed: Signed[] = []
  const messages = new Set<string>()
  for (const note of [header.begin, header.checkpoint, ...header.checkpoints])
    try {
      signed.push({ ...openCheckpoint(String(note), key), note, isKept: false })
    } catch (error) {
      messages.add((error as Error).message)
    }
  faults.push(...[...messages].map(message => changed(1, message)))
  for (const note of trust.checkpoints ?? [])
    try {
      signed.push({ ...openCheckpoint(note, key), note, isKept: true })
    } catch (error) {
      faults.push({ kind: 'changed', message: `a checkpoint that was kept elsewhere: ${(error as Error).message}` })
    }
  const [begin, end] = signed
  const isSaid = begin?.size === header.after && begin.head === header.after_hash && begin.origin === header.origin
  if (faults.length === 0 && !(isSaid && end?.size === header.size && end.head === header.head))
    faults.push(changed(1, 'the first line says something else than what was signed'))
  return signed
}

/** A file whose first line is no header: it was taken away, moved or damaged. */
function withoutHeader(whole: Scan): Fault[] {
  const { header, headerLine, found, lines, cut } = whole
  if (header !== undefined && headerLine !== undefined) {
    const faults = nameFaults(whole, header.after, header.size)
    const moved = `the first line stands at line ${headerLine}`
    return faults.length > 0 ? faults : [{ kind: 'reordered', line: headerLine, message: moved }]
  }
  if (lines === 0 || (lines === 1 && cut)) return [{ kind: 'truncated', line: lines, message: 'the file ends here' }]
  if (found[0]?.line === 1 && !found[0].sound) return [changed(1, 'the first line cannot be read')]
  return [{ kind: 'removed', line: 1, message: 'the first line, which says what was signed, is missing' }]
}

/** What is wrong with events that do not follow on each other, or with the line that closes the file. */
function named(whole: Scan, header: Header): Fault[] {
  const { trailerLine, lines, cut } = whole
  const last = whole.found.at(-1)
  if (trailerLine === undefined && !cut && last?.line === lines && !last.sound && last.event?.data === undefined) {
    const ended = { ...whole, trailerLine: lines, found: whole.found.slice(0, -1) }
    return [...nameFaults(ended, header.after, header.size), changed(lines, 'the closing line is damaged')]
  }
  const faults = nameFaults(whole, header.after, header.size)
  if (trailerLine === undefined && !faults.some(({ kind }) => kind === 'truncated'))
    faults.push({ kind: 'truncated', line: lines, message: 'the closing line is missing' })
  if (trailerLine !== undefined && faults.length === 0)
    faults.push({ kind: 'reordered', line: trailerLine, message: `the closing line stands at line ${trailerLine}` })
  return faults
}

/** Events that hold among themselves, against what was signed and what the closing line says. */
async function compared(scan: Scan, header: Header, signed: Signed[], all: () => Promise<Scan>): Promise<Fault[]> {
  for (const { size, root, head, time, isKept } of signed.toSorted((a, b) => a.size - b.size)) {
    if (size < header.after) continue
    const is = scan.at.get(size)
    if (is === undefined) {
      const message = `the file ends at event ${header.size}, but ${size} events were signed at ${time}`
      return [{ kind: 'truncated', seq: header.size + 1, last: size, message }]
    }
    if (is.root === root && is.head === head) continue
    if (size === header.after) return [changed(1, 'the first line says something else than what was signed')]
    // who could sign the file anew says nothing against a checkpoint that was kept elsewhere
    const earlier = signed.filter(one => one.size < size && one.size > header.after && (one.isKept || !isKept))
    const from = Math.max(header.after, ...earlier.map(one => one.size)) + 1
    const message = `events ${from} to ${size} are not those that were signed at ${time}: some were written anew`
    return [{ kind: 'changed', seq: from, last: size, message }]
  }
  if (scan.cut) return [{ kind: 'truncated', line: scan.lines, message: 'the end of the closing line is missing' }]
  if (scan.trailer?.count !== header.size - header.after || scan.trailer.head !== header.head)
    return [changed(scan.lines, 'the closing line says something else than what was signed')]
  if (scan.sameBytes) return []
  const faults = nameFaults(await all(), header.after, header.size)
  return faults.length > 0 ? faults : [changed(scan.lines, 'the closing line names another digest of the lines before')]
}
