import { createHash } from 'node:crypto'
import type { ColumnKind } from '@hagane/contract'
import {
  type ColumnPlan,
  emptyProfile,
  mergeProfiles,
  type Profile,
  planOf,
  type TableSource,
  type WindowColumn,
  type WindowPart,
  type WindowProfile,
} from '@hagane/tabular'
import type { Who } from '../../../kernel/db/index.ts'
import type { CollectedHour } from '../../collection/index.ts'
import type { Target } from '../plan.ts'
import { findReference, keptContents, keptProfiles } from '../reads.ts'
import { keepProfile, keepReference } from '../store.ts'
import type { Window } from '../windows.ts'
import type { Bench } from './bench.ts'

/** What was answered in a window, without its rows. */
export interface WindowSummary {
  readonly profile: Profile
  readonly inputs: readonly WindowColumn[]
  readonly outputs: readonly WindowColumn[]
  readonly newest?: string
}

const HOUR_MS = 3_600_000
const digestOf = (text: string): string => createHash('sha256').update(text).digest('hex')
export const actorOf = ({ about }: Bench): Who => ({ workspace: about.workspace, actor: `monitor:${about.monitor}` })

/** What a deployment's columns are remembered under: a new model begins anew. */
export const deploymentKey = (bench: Bench, { endpoint, deployment }: Target): string =>
  `deployment ${endpoint}/${deployment} ${bench.about.model ?? ''}`

/**
 * The profile of a window: hours that lie in it whole are profiled once and kept, and so are the sums of whole days and of all of
 * them, so that a month is the sum of two dozen small documents; only its edges, and hours of which captures are still to become tables, are read. When the deployment
 * is looked at for the first time, `kindsOf` is asked what its columns are to be taken for, and that is remembered.
 */
export async function windowSummary(
  bench: Bench,
  target: Target,
  window: Window,
  kindsOf: KindsOf,
): Promise<WindowSummary> {
  const place = { workspace: bench.about.workspace, ...target }
  const last = new Date(window.end.getTime() - 1)
  const hours = await bench.needs.collected.hours(place, window.start, last)
  if (hours.length === 0) return nothing
  const parts = hours.map(hour => pieceOf(hour, window))
  const planned = (await planOfDeployment(bench, target)) ?? (await makePlan(bench, target, parts, kindsOf))
  if (planned === undefined) return nothing
  const { plan, first } = planned
  const basis = digestOf(JSON.stringify(plan))
  const days = [...Map.groupBy(parts, ({ hour }) => hour.slice(0, DAY_LENGTH))].map(([day, of]) =>
    dayOf(day, of, window),
  )
  const span = spanOf(days.filter(({ whole }) => whole))
  const kept = await keptContents(
    bench.needs.db,
    { ...place, basis },
    { from: parts[0]?.hour ?? '', to: parts.at(-1)?.hour ?? '', span: span.key },
  )
  const isKept = ({ key, content, whole }: Pick<Piece, 'key' | 'content' | 'whole'>) =>
    whole && kept.get(key) === content
  const single = isKept(span) ? days.filter(({ whole }) => !whole) : days
  const pieces = single.flatMap(day => (isKept(day) ? [] : day.pieces))
  const keys = [...[span, ...single].filter(isKept), ...pieces.filter(isKept)].map(({ key }) => key)
  const stored = await keptProfiles(bench.needs.db, { ...place, basis }, keys)
  const open = pieces.filter(piece => !isKept(piece))
  const unread = open.filter(({ hour }) => hour !== first?.hour)
  const fresh = unread.length === 0 ? [] : await profiled(bench, target, unread, plan)
  const read = [...(first === undefined ? [] : [first]), ...fresh]
  const found = new Map([...stored, ...read.map(one => [one.hour, one] as const)])
  const sums = single.flatMap(day => (day.whole && !isKept(day) ? [sumOf(day, found)] : []))
  const ofDays = span.whole && !isKept(span) ? [sumOfDays(span, [...stored.values(), ...sums])] : []
  await keep(bench, target, basis, [
    ...open.flatMap(piece => (piece.whole ? [{ ...piece, profile: found.get(piece.key) as WindowProfile }] : [])),
    ...[...sums, ...ofDays].map(profile => ({
      ...{ key: profile.hour, profile },
      content: [span, ...days].find(({ key }) => key === profile.hour)?.content ?? '',
    })),
  ])
  return merged([...found.values()])
}

/** An hour of what was collected, so far as it lies in the window. */
interface Piece extends WindowPart {
  /** What its profile is kept under. */
  readonly key: string
  readonly content: string
  /** It lies in the window with all that was captured, and everything of it has become tables. */
  readonly whole: boolean
}

interface Day {
  readonly key: string
  readonly content: string
  readonly whole: boolean
  readonly pieces: readonly Piece[]
}

/** All whole days of a window, together. */
interface Span {
  readonly key: string
  readonly content: string
  readonly whole: boolean
  readonly days: readonly string[]
}

const DAY_LENGTH = '2026-11-26'.length
const DAY_MS = 86_400_000

function pieceOf({ hour, content, settled }: CollectedHour, window: Window): Piece {
  const start = Date.parse(`${hour}:00:00.000Z`)
  const since = Math.max(start, window.start.getTime())
  const until = Math.min(start + HOUR_MS, window.end.getTime())
  return {
    ...{ hour, key: hour, content, whole: settled && until - since === HOUR_MS },
    ...{ since: new Date(since).toISOString(), until: new Date(until).toISOString() },
  }
}

function dayOf(key: string, pieces: readonly Piece[], window: Window): Day {
  const start = Date.parse(`${key}T00:00:00.000Z`)
  const inside = start >= window.start.getTime() && start + DAY_MS <= window.end.getTime()
  const content = digestOf(pieces.map(piece => `${piece.key} ${piece.content}`).join('\n'))
  return { key, content, pieces, whole: inside && pieces.every(({ whole }) => whole) }
}

const sumOf = ({ key, pieces }: Day, found: ReadonlyMap<string, WindowProfile>): WindowProfile => ({
  hour: key,
  ...merged(pieces.map(piece => found.get(piece.key) as WindowProfile)),
})

/** Kept by the number of its days: while the window moves on, the next sum takes the place of the last. */
const spanOf = (days: readonly Day[]): Span => ({
  key: `days-${days.length}`,
  content: digestOf(days.map(({ key, content }) => `${key} ${content}`).join('\n')),
  whole: days.length > 1,
  days: days.map(({ key }) => key),
})

const sumOfDays = ({ key, days }: Span, found: readonly WindowProfile[]): WindowProfile => ({
  hour: key,
  ...merged(found.filter(({ hour }) => days.includes(hour))),
})

/** What columns of production are taken for, asked once. */
export type KindsOf = (columns: readonly string[]) => Promise<Readonly<Record<string, ColumnKind>>>

const nothing: WindowSummary = { profile: emptyProfile, inputs: [], outputs: [] }

interface Planned {
  readonly plan: ColumnPlan
  /** The hour that was read to make it, where its columns are taken for the same. */
  readonly first?: WindowProfile
}

async function planOfDeployment(bench: Bench, target: Target): Promise<Planned | undefined> {
  const { needs, about } = bench
  const known = await findReference(needs.db, about.workspace, deploymentKey(bench, target), 'plan')
  return known === undefined ? undefined : { plan: JSON.parse(known) as ColumnPlan }
}

/** What the columns of the first hour with rows are, as the reference has them where it does; undefined while there are no rows. */
async function makePlan(
  bench: Bench,
  target: Target,
  parts: readonly WindowPart[],
  kindsOf: KindsOf,
): Promise<Planned | undefined> {
  for (const part of parts) {
    const [first] = await profiled(bench, target, [part])
    if (first === undefined || first.profile.rows === 0) continue
    const kinds = await kindsOf(first.profile.columns.map(({ name }) => name))
    const own = planOf(first.profile)
    const plan = own.map(({ name, kind }) => ({ name, kind: kinds[name] ?? kind }))
    await keepPlan(bench, target, plan)
    return plan.every(({ kind }, i) => kind === own[i]?.kind) ? { plan, first } : { plan }
  }
  return undefined
}

/** Reads the hours that nothing is kept of, all in one process. */
function profiled(
  bench: Bench,
  target: Target,
  parts: readonly WindowPart[],
  plan?: ColumnPlan,
): Promise<WindowProfile[]> {
  const [first, last] = [parts[0]?.since as string, parts.at(-1)?.until as string]
  return bench.needs.collected.ask(
    { workspace: bench.about.workspace, ...target },
    { since: first, until: last },
    sources => ({
      kind: 'window-profiles',
      ...{ sources, deployment: target.deployment },
      parts: parts.map(({ hour, since, until }) => ({ hour, since, until })),
      ...(plan === undefined ? {} : { plan }),
    }),
    bench.reader,
  )
}

async function keep(
  bench: Bench,
  { endpoint, deployment }: Target,
  basis: string,
  pieces: readonly { key: string; content: string; profile: WindowProfile }[],
): Promise<void> {
  if (pieces.length === 0) return
  await bench.needs.db.withTransaction(
    actorOf(bench),
    async tx => {
      for (const { key: hour, content, profile } of pieces)
        await keepProfile(tx, { endpoint, deployment, hour, basis, content, profile: JSON.stringify(profile) })
    },
    'relaxed',
  )
}

/** Remembers what the columns were first taken for, so that hours can be added. */
async function keepPlan(bench: Bench, target: Target, plan: ColumnPlan): Promise<void> {
  const content = deploymentKey(bench, target)
  await bench.needs.db.withTransaction(actorOf(bench), tx =>
    keepReference(tx, { content, basis: 'plan', model: bench.about.model ?? null, measured: JSON.stringify(plan) }),
  )
}

function merged(parts: readonly WindowProfile[]): WindowSummary {
  const columns = (side: 'inputs' | 'outputs'): WindowColumn[] => [
    ...new Map(parts.flatMap(part => part[side]).map(column => [column.column, column])).values(),
  ]
  const newest = parts
    .flatMap(part => part.newest ?? [])
    .sort()
    .at(-1)
  return {
    profile: mergeProfiles(...parts.map(({ profile }) => profile)),
    inputs: columns('inputs'),
    outputs: columns('outputs'),
    ...(newest === undefined ? {} : { newest }),
  }
}

/** The profile of a table that never changes: computed once and kept with its content. */
export async function referenceProfile(
  bench: Bench,
  reference: { readonly source: TableSource; readonly content?: string },
): Promise<Profile> {
  const { content, source } = reference
  const { db } = bench.needs
  const known = content === undefined ? undefined : await findReference(db, bench.about.workspace, content, 'profile')
  if (known !== undefined) return JSON.parse(known) as Profile
  const profile = await bench.ask({ kind: 'profile-sketch', source })
  if (content !== undefined)
    await db.withTransaction(actorOf(bench), tx =>
      keepReference(tx, {
        ...{ content, basis: 'profile', measured: JSON.stringify(profile) },
        model: bench.about.model ?? null,
      }),
    )
  return profile
}
