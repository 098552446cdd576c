import type { ColumnKind, MonitorData, MonitorSignal, SignalResult } from '@hagane/contract'
import type { Profile, TableSource, WindowColumn } from '@hagane/tabular'
import { MINIMUM_ROWS, type PlannedSignal, type Target } from '../plan.ts'
import { productionWindow, type Window } from '../windows.ts'
import { batchInputs } from './batch.ts'
import type { Bench } from './bench.ts'
import { notJudged, windowOf } from './case.ts'
import { type NamedTable, openNamed, partOf } from './named-table.ts'
import { windowSummary } from './profiles.ts'
import { kindsOfReference, type Reference } from './reference.ts'
import { type Segment, segmentOf } from './segment.ts'

/** What a signal judges. */
export interface Production {
  readonly window: Window
  readonly rows: number
  readonly inputs: readonly WindowColumn[]
  readonly outputs: readonly WindowColumn[]
  readonly labels: readonly WindowColumn[]
  /** Whether rows have ids and times of ours. */
  readonly collected: boolean
  readonly unknownFeedback: number
  /** What a reader of the result has to know. */
  readonly notes: readonly string[]
  /** Time of the newest row. */
  readonly newest?: string
  /** Where its rows were not needed to judge it. */
  readonly profile?: Profile
  /** Its rows, laid out when somebody asks for them. */
  source(): Promise<TableSource>
}

/** How much of production a signal needs: what it is distributed like, its rows, or the rows that something was said of. */
export type Needed = 'profile' | 'rows' | 'labelled'

/** What a signal says of production; of several tables the first. */
export const productionOf = (signal: MonitorSignal): MonitorData | undefined => {
  const data = 'production_data' in signal ? signal.production_data : undefined
  return (Array.isArray(data) ? data[0] : data) as MonitorData | undefined
}

/**
 * Production in the window of a signal, or why there is nothing to judge: the deployment is gone, the window is empty, or its rows
 * are too few.
 */
export async function productionIn(
  bench: Bench,
  planned: PlannedSignal,
  needed: Needed,
): Promise<Production | SignalResult> {
  const data = productionOf(planned.signal)
  const window = productionWindow(data, bench.about.trigger, bench.about.moment)
  const least = ('minimum_rows' in planned.signal && (planned.signal.minimum_rows as number)) || MINIMUM_ROWS
  const whole = await everythingIn(bench, planned, window, needed)
  const segment = segmentOf(planned.signal)
  const found =
    segment === undefined || 'status' in whole || whole.rows === 0
      ? whole
      : await segmentOfProduction(bench, whole, segment)
  if ('status' in found || found.rows >= least) return found
  const empty = needed === 'labelled' ? 'no feedback came in the window' : 'nothing was answered in the window'
  const few = `${found.rows} rows are too few to judge: at least ${least} are wanted (minimum_rows)`
  return notJudged(planned, found.rows === 0 ? empty : few, { window: windowOf(window), rows: found.rows })
}

/** A table that the signal names, or what the deployment collected. */
async function everythingIn(
  bench: Bench,
  planned: PlannedSignal,
  window: Window,
  needed: Needed,
): Promise<Production | SignalResult> {
  const data = productionOf(planned.signal)
  const uri = data?.input_data?.path
  const isOther = uri !== undefined && !isOwnCollection(uri, bench.about.target)
  if (data === undefined || uri === undefined || (!isOther && data.pre_processing_component === undefined))
    return collectedIn(bench, planned, window, segmentOf(planned.signal) === undefined ? needed : rowsFor(needed))
  return namedTable(bench, window, await openNamed(bench, { step: `${planned.name}.production`, uri, data, window }))
}

/** Production without the rows that are not in the segment. Throws invalid where it has no such column. */
async function segmentOfProduction(bench: Bench, production: Production, segment: Segment): Promise<Production> {
  const { column } = production.inputs.find(({ name }) => name === segment.column) ?? segment
  const part = await partOf(bench, await production.source(), { segment: { ...segment, column } })
  const { profile: _, ...rest } = production
  const values = segment.values.map(String).join(', ')
  return {
    ...rest,
    rows: part.rows,
    source: async () => part.source,
    notes: [...production.notes, `only rows with ${segment.column} = ${values}`],
  }
}

/** A part of the rows is found by reading them. */
const rowsFor = (needed: Needed): Needed => (needed === 'profile' ? 'rows' : needed)

/** Azure ML's name for what the deployment itself collects. */
const isOwnCollection = (path: string, target: Target | undefined): boolean =>
  target !== undefined &&
  ['inputs', 'outputs'].some(side =>
    path.replace('@', ':').startsWith(`azureml:${target.endpoint}-${target.deployment}-model_${side}:`),
  )

async function collectedIn(
  bench: Bench,
  planned: PlannedSignal,
  window: Window,
  needed: Needed,
): Promise<Production | SignalResult> {
  const { target, deployed } = bench.about
  const at = { window: windowOf(window), rows: 0 }
  if (target === undefined) return notJudged(planned, 'no deployment is named', at)
  if (deployed === undefined)
    return notJudged(planned, `there is no deployment ${target.deployment} at endpoint ${target.endpoint}`, at)
  if (deployed.spec === undefined) return scoredIn(bench, planned, target, window)
  const laidOut = () => bench.rows(target, window, needed === 'labelled')
  const source = async () => (await laidOut()).source
  const common = { window, collected: true, source, notes: [] }
  if (needed === 'profile' && window.rows === undefined) {
    const kinds = (columns: readonly string[]) => kindsOfReference(bench, planned, window, columns)
    const { profile, inputs, outputs, newest } = await windowSummary(bench, target, window, kinds)
    const more = { rows: profile.rows, labels: [], unknownFeedback: 0, ...(newest === undefined ? {} : { newest }) }
    return { ...common, ...more, profile, inputs, outputs }
  }
  const { table } = await laidOut()
  return {
    ...common,
    ...{ rows: table.rows, unknownFeedback: table.unknown_feedback },
    ...{ inputs: table.inputs, outputs: table.outputs, labels: table.labels },
    ...(table.newest === undefined ? {} : { newest: table.newest }),
  }
}

/** What jobs of a batch deployment scored. */
async function scoredIn(
  bench: Bench,
  planned: PlannedSignal,
  target: Target,
  window: Window,
): Promise<Production | SignalResult> {
  const { type } = planned.signal
  if (segmentOf(planned.signal) !== undefined)
    return notJudged(planned, 'data_segment: what a batch deployment scored is judged as a whole')
  if (type !== 'data_drift' && type !== 'data_quality' && type !== 'multivariate_drift')
    return notJudged(
      planned,
      `of a batch deployment the inputs are judged, by data_drift, data_quality and multivariate_drift`,
    )
  const kinds = (columns: readonly string[]) => kindsOfReference(bench, planned, window, columns)
  const found = await batchInputs(bench, target, window, kinds)
  if (found === undefined)
    return notJudged(planned, 'no job has completed in the window', { window: windowOf(window), rows: 0 })
  const { profile, source } = found
  return {
    ...{ window, rows: profile.rows, collected: false, unknownFeedback: 0, profile, source },
    ...{ inputs: columnsOf(profile), outputs: [], labels: [], notes: [] },
  }
}

const columnsOf = (profile: Profile): WindowColumn[] =>
  profile.columns.map(({ name, kind }) => ({ name, column: name, type: TYPES[kind] }))

async function namedTable(bench: Bench, window: Window, named: NamedTable): Promise<Production> {
  const { source: table, notes, newest } = named
  const profile = await bench.ask({ kind: 'profile-sketch', source: table })
  const columns = columnsOf(profile)
  return {
    ...{ window, rows: profile.rows, collected: false, unknownFeedback: 0, profile },
    ...{ inputs: columns, outputs: columns, labels: [], notes, ...(newest === undefined ? {} : { newest }) },
    source: async () => table,
  }
}

const TYPES: Readonly<Record<ColumnKind, string>> = {
  ...{ numeric: 'number', categorical: 'string', text: 'string', boolean: 'boolean', time: 'timestamp' },
}

/** The profile of production, also where its rows were laid out. */
export const profileIn = async (bench: Bench, production: Production, reference: Reference): Promise<Profile> =>
  production.profile ??
  bench.ask({
    kind: 'profile-sketch',
    source: await production.source(),
    kinds: Object.fromEntries(reference.profile.columns.map(({ name, kind }) => [name, kind])),
  })
