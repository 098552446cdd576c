import type { EventLine, Found, Scan } from './read-export.ts'

export const faultKinds = ['changed', 'removed', 'inserted', 'reordered', 'truncated'] as const

/** One thing that is wrong with a file. */
export interface Fault {
  readonly kind: (typeof faultKinds)[number]
  /** The event by its number, or the first of several. */
  readonly seq?: number
  readonly last?: number
  /** Where it was noticed, counted from 1. */
  readonly line?: number
  readonly message: string
}

type Sound = Found & { event: EventLine }
interface Gap {
  from: number
  to: number
  afterLine: number
  beforeLine: number
}

/** The longest part of the lines whose numbers rise: https://en.wikipedia.org/wiki/Longest_increasing_subsequence */
function inOrder(lines: readonly Sound[]): Set<Sound> {
  const ends: number[] = []
  const before: number[] = []
  const seq = (i: number): number => (lines[i] as Sound).event.seq
  for (let i = 0; i < lines.length; i++) {
    let [low, high] = [0, ends.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if (seq(ends[middle] as number) < seq(i)) low = middle + 1
      else high = middle
    }
    before.push(low === 0 ? -1 : (ends[low - 1] as number))
    ends[low] = i
  }
  const chosen: Sound[] = []
  for (let i = ends.at(-1) ?? -1; i >= 0; i = before[i] as number) chosen.push(lines[i] as Sound)
  return new Set(chosen.reverse())
}

/** Of several events with one number, the one that another event names as the one before it. */
function withoutDoubles(lines: readonly Sound[], named: ReadonlySet<unknown>): Set<Sound> {
  const chosen = new Map<number, Sound>()
  for (const line of lines) {
    const rival = chosen.get(line.event.seq)
    if (rival === undefined || (named.has(line.event.hash) && !named.has(rival.event.hash)))
      chosen.set(line.event.seq, line)
  }
  return new Set(chosen.values())
}

function gapsOf(kept: readonly Sound[], scan: Scan, after: number, size: number): Gap[] {
  const gaps: Gap[] = []
  let [seq, afterLine] = [after, scan.headerLine ?? 0]
  for (const { event, line } of [...kept, { event: { seq: size + 1 }, line: scan.lines + 1 }]) {
    if (event.seq > seq + 1) gaps.push({ from: seq + 1, to: event.seq - 1, afterLine, beforeLine: line })
    ;[seq, afterLine] = [event.seq, line]
  }
  return gaps
}

function called({ event }: Found): string {
  if (event === undefined) return 'a line that cannot be read'
  const { hagane_audit, hagane_audit_end, origin } = event as Record<string, unknown>
  if (hagane_audit !== undefined) return `the first line of another export, of ${origin},`
  if (hagane_audit_end !== undefined) return 'the closing line of another export'
  return `event ${event.seq} (${event.type}, ${event.subject})`
}

/**
 * Says what was done to the events of an export: which lines keep the order of the chain, which numbers are missing there,
 * and which of the other lines account for them.
 */
export function nameFaults(scan: Scan, after: number, size: number): Fault[] {
  const named = new Set(scan.found.map(({ event }) => event?.prev_hash))
  const sound = scan.found.filter((line): line is Sound => line.sound)
  const inside = sound.filter(({ event }) => event.seq > after && event.seq <= size)
  const single = withoutDoubles(inside, named)
  const kept = inOrder([...single])
  const strays = sound.filter(line => !kept.has(line))
  const bad = scan.found.filter(line => !line.sound)
  const faults: Fault[] = []
  const explained = new Set<Found>()
  for (const gap of gapsOf([...kept], scan, after, size))
    faults.push(
      ...explainGap(gap, { strays, bad, explained, ended: scan.trailerLine !== undefined, size, cut: scan.cut }),
    )
  for (const line of [...strays, ...bad])
    if (!explained.has(line) && !(scan.cut && line.line === scan.lines)) faults.push(inserted(line))
  return inRuns([...faults, ...brokenLinks([...kept])].sort((a, b) => (a.line ?? 0) - (b.line ?? 0)))
}

/** So many faults of one kind, line after line, are told as one. */
const LONG_RUN = 20

function inRuns(faults: readonly Fault[]): Fault[] {
  const told: Fault[] = []
  for (let from = 0; from < faults.length; ) {
    let to = from + 1
    while (to < faults.length && follows(faults[to - 1] as Fault, faults[to] as Fault)) to++
    const run = faults.slice(from, to)
    told.push(...(run.length < LONG_RUN ? run : [asOne(run)]))
    from = to
  }
  return told
}

const follows = (one: Fault, next: Fault): boolean =>
  next.kind === one.kind && one.line !== undefined && next.line === one.line + 1

function asOne(run: readonly Fault[]): Fault {
  const numbers = run.flatMap(({ seq }) => (seq === undefined ? [] : [seq])).sort((a, b) => a - b)
  const [first, last] = [numbers[0], numbers.at(-1)]
  const { kind, line, message } = run[0] as Fault
  return {
    ...{ kind, ...(first === undefined ? {} : { seq: first }), ...(last === undefined ? {} : { last }) },
    ...{ ...(line === undefined ? {} : { line }), message: `${message}, and ${run.length - 1} lines after it` },
  }
}

const inserted = (line: Found): Fault => ({
  kind: 'inserted',
  ...(line.event?.seq === undefined ? {} : { seq: line.event.seq }),
  line: line.line,
  message: `${called(line)} does not belong where it stands`,
})

interface Suspects {
  strays: readonly Sound[]
  bad: readonly Found[]
  explained: Set<Found>
  ended: boolean
  cut: boolean
  size: number
}

/** What became of the events that are missing between two that are there. */
function explainGap(gap: Gap, { strays, bad, explained, ended, cut, size }: Suspects): Fault[] {
  const faults: Fault[] = []
  const taken = new Set<number>()
  for (const stray of strays) {
    const { seq } = stray.event
    if (seq < gap.from || seq > gap.to || taken.has(seq)) continue
    taken.add(seq)
    explained.add(stray)
    faults.push({ kind: 'reordered', seq, line: stray.line, message: `${called(stray)} stands in another place` })
  }
  let next = gap.from
  for (const line of bad) {
    if (line.line <= gap.afterLine || line.line >= gap.beforeLine) continue
    if (cut && !ended && line.event === undefined) continue
    while (taken.has(next)) next += 1
    const claimed = Number(line.event?.seq)
    const seq = claimed >= gap.from && claimed <= gap.to && !taken.has(claimed) ? claimed : next
    if (seq > gap.to) break
    taken.add(seq)
    explained.add(line)
    const how = line.respelled ? 'is spelled otherwise than a server writes it' : 'does not match its hash'
    faults.push({ kind: 'changed', seq, line: line.line, message: `event ${seq} ${how}` })
  }
  return [...faults, ...missing(gap, taken, gap.to === size && !ended)]
}

/** The numbers of a gap that nothing accounts for, as ranges. */
function missing(gap: Gap, taken: ReadonlySet<number>, atEnd: boolean): Fault[] {
  const faults: Fault[] = []
  let from = gap.from
  for (const until of [...[...taken].sort((a, b) => a - b), gap.to + 1]) {
    const last = until - 1
    if (from <= last) {
      const kind = atEnd && last === gap.to ? 'truncated' : 'removed'
      const what = from === last ? `event ${from} is` : `events ${from} to ${last} are`
      faults.push({ kind, seq: from, last, line: gap.beforeLine, message: `${what} missing` })
    }
    from = until + 1
  }
  return faults
}

/** Neighbours that hold by themselves but not together: the first was written anew, hash and all. */
function brokenLinks(kept: readonly Sound[]): Fault[] {
  return kept.flatMap((line, i) => {
    const next = kept[i + 1]
    if (next?.event.seq !== line.event.seq + 1 || next.event.prev_hash === line.event.hash) return []
    const { seq } = line.event
    const message = `${called(line)} was written anew: event ${seq + 1} names another one before it`
    return [{ kind: 'changed', seq, line: line.line, message }]
  })
}
