import { createHash } from 'node:crypto'
import { type ColumnKind, HaganeError, type MonitorData } from '@hagane/contract'
import type { Profile, TableSource } from '@hagane/tabular'
import type { PlannedSignal } from '../plan.ts'
import { findReference } from '../reads.ts'
import { keepReference } from '../store.ts'
import { trainingInputs } from '../training-data.ts'
import { pastWindow, type Window } from '../windows.ts'
import { batchInputs } from './batch.ts'
import type { Bench } from './bench.ts'
import { openNamed, partOf } from './named-table.ts'
import { actorOf, referenceProfile, windowSummary } from './profiles.ts'
import { type Segment, segmentOf } from './segment.ts'

/** What production is compared with. */
export interface Reference {
  readonly profile: Profile
  source(): Promise<TableSource>
  /** What people know it by. */
  readonly name: string
  readonly kind: 'training' | 'validation' | 'past'
  /** What its rows were made of never changes: its measures are kept under this. */
  readonly content?: string
  /** Column with what turned out to be true. */
  readonly target?: string
}

/** Columns of a table that a signal compares, and where else to look. */
interface Wanted {
  readonly data: MonitorData | undefined
  readonly production: Window
  /** Columns of production: a training table has at least half of them, or it is no reference. */
  readonly columns: readonly string[]
  readonly signal: PlannedSignal
}

/** Share of the columns of production that a table must have, to be taken for what the model was trained on. */
const OVERLAP = 0.5

/**
 * The reference of a signal: what it names, else what its model was trained on as lineage knows it, else what was answered
 * before the window. Throws not_found where a named one is gone; undefined where there is nothing to compare with yet.
 */
export async function referenceOf(bench: Bench, wanted: Wanted): Promise<Reference | undefined> {
  const segment = segmentOf(wanted.signal.signal)
  const whole = await wholeReference(bench, wanted)
  return segment === undefined || whole === undefined ? whole : segmentOfReference(bench, whole, segment)
}

/** The same rows of a reference. */
async function segmentOfReference(bench: Bench, reference: Reference, segment: Segment): Promise<Reference> {
  const { source } = await partOf(bench, await reference.source(), { segment })
  const { content: whole, ...rest } = reference
  const digest = createHash('sha256').update(JSON.stringify(segment)).digest('hex')
  const content = whole === undefined ? {} : { content: `${whole} ${digest}` }
  return {
    ...{ ...rest, ...content, source: async () => source },
    profile: await referenceProfile(bench, { source, ...content }),
  }
}

async function wholeReference(bench: Bench, wanted: Wanted): Promise<Reference | undefined> {
  const { data } = wanted
  if (data?.input_data !== undefined) return named(bench, wanted, data, data.input_data.path)
  return (asksForPast(data) ? undefined : await trained(bench, wanted)) ?? past(bench, wanted)
}

const asksForPast = (data: MonitorData | undefined): boolean =>
  data?.input_data === undefined &&
  (data?.data_window !== undefined || ['model_inputs', 'model_outputs'].includes(data?.data_context ?? ''))

const targetOf = (data: MonitorData | undefined): string | undefined =>
  data?.data_column_names?.target_column ?? data?.data_column_names?.actual ?? data?.target_column_name

/** A table that the signal names. */
async function named(
  bench: Bench,
  { signal, production }: Pick<Wanted, 'signal' | 'production'>,
  data: MonitorData,
  uri: string,
): Promise<Reference> {
  try {
    const hasWindow = data.data_window !== undefined || data.data_window_size !== undefined
    const window = hasWindow ? pastWindow(data, production, bench.about.moment) : undefined
    const { source, content } = await openNamed(bench, { step: `${signal.name}.reference`, uri, data, window })
    const target = targetOf(data)
    const kept = content === undefined ? {} : { content }
    return {
      ...{ source: async () => source, name: uri, ...kept },
      profile: await referenceProfile(bench, { source, ...kept }),
      kind: data.data_context === 'validation' || data.data_context === 'test' ? 'validation' : 'training',
      ...(target === undefined ? {} : { target }),
    }
  } catch (error) {
    if (!(error instanceof HaganeError)) throw error
    throw new HaganeError(error.kind, `the reference ${uri} cannot be read: ${error.message}`, {
      ...(error.hint === undefined ? {} : { hint: error.hint }),
      cause: error,
    })
  }
}

interface Remembered {
  uri: string
  name: string
  content: string
  columns: string[]
}

/** What the model was trained on: found by lineage once, and remembered with the model version. */
async function trained(bench: Bench, { data, columns }: Omit<Wanted, 'signal'>): Promise<Reference | undefined> {
  const { needs, about } = bench
  const model = about.model?.replace(/^azureml:/, '')
  if (model === undefined) return undefined
  const inputs = await rememberedInputs(bench, model)
  const shared = ({ columns: has }: Remembered): number => columns.filter(name => has.includes(name)).length
  const [best] = inputs
    .filter(input => columns.length > 0 && shared(input) >= OVERLAP * columns.length)
    .sort((a, b) => shared(b) - shared(a))
  if (best === undefined) return undefined
  const guessed = best.columns.filter(name => !columns.includes(name))
  const target = targetOf(data) ?? (guessed.length === 1 ? guessed[0] : undefined)
  const source = await needs.table(about.workspace, best.uri)
  return {
    source: async () => source,
    profile: await referenceProfile(bench, { source, content: best.content }),
    name: `${best.name}, which model ${model} was trained on`,
    kind: 'training',
    content: best.content,
    ...(target === undefined ? {} : { target }),
  }
}

async function rememberedInputs(bench: Bench, model: string): Promise<Remembered[]> {
  const { needs, about } = bench
  const known = await findReference(needs.db, about.workspace, `model ${model}`, 'inputs')
  if (known !== undefined) return JSON.parse(known) as Remembered[]
  const found: Remembered[] = []
  for (const { uri, name } of await trainingInputs(
    needs.db,
    about.workspace,
    await needs.makersOf(about.workspace, model),
  )) {
    const columns = await columnsOf(bench, uri)
    if (columns === undefined) continue
    const { tree, path } = await needs.resolve(about.workspace, uri)
    found.push({ uri, name, content: `${tree}/${path}`, columns })
  }
  await needs.db.withTransaction(actorOf(bench), tx =>
    keepReference(tx, { content: `model ${model}`, basis: 'inputs', model, measured: JSON.stringify(found) }),
  )
  return found
}

/** The columns of a table; undefined of what is none, such as a folder of images. */
async function columnsOf(bench: Bench, uri: string): Promise<string[] | undefined> {
  try {
    const source = await bench.needs.table(bench.about.workspace, uri)
    return (await bench.ask({ kind: 'rows', source, limit: 1 })).columns.map(({ name }) => name)
  } catch (error) {
    if (error instanceof HaganeError && ['invalid', 'not_found', 'unsupported'].includes(error.kind)) return undefined
    throw error
  }
}

/** What was answered before. */
async function past(bench: Bench, { data, production }: Wanted): Promise<Reference | undefined> {
  const { target, moment } = bench.about
  if (target === undefined) return undefined
  const window = pastWindow(data, production, moment)
  const name = `what was answered from ${window.start.toISOString()} to ${window.end.toISOString()}`
  if (bench.about.deployed?.spec === undefined) {
    const scored = await batchInputs(bench, target, window, async () => ({}))
    return scored === undefined ? undefined : { ...scored, name, kind: 'past' }
  }
  const { profile } = await windowSummary(bench, target, window, async () => ({}))
  if (profile.rows === 0) return undefined
  return { profile, name, kind: 'past', source: async () => (await bench.rows(target, window)).source }
}

/** What the columns of production are in the table that a signal compares them with; nothing where that is production itself. */
export async function kindsOfReference(
  bench: Bench,
  planned: PlannedSignal,
  production: Window,
  columns: readonly string[],
): Promise<Readonly<Record<string, ColumnKind>>> {
  const { signal } = planned
  const data = 'reference_data' in signal ? (signal.reference_data as MonitorData | undefined) : undefined
  if (asksForPast(data)) return {}
  const wanted = { data, production, columns, signal: planned }
  const reference =
    data?.input_data === undefined
      ? await trained(bench, wanted)
      : await named(bench, wanted, data, data.input_data.path).catch(undefinedWhereInvalid)
  return Object.fromEntries(reference?.profile.columns.map(({ name, kind }) => [name, kind]) ?? [])
}

/** A reference that cannot be read says nothing of kinds; the signal tells why. */
function undefinedWhereInvalid(error: unknown): undefined {
  if (!(error instanceof HaganeError)) throw error
}
