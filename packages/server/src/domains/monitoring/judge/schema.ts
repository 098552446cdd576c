import type { MonitorFinding, SignalOf } from '@hagane/contract'
import type { WindowColumn } from '@hagane/tabular'
import type { PlannedSignal } from '../plan.ts'
import { findReference } from '../reads.ts'
import { keepReference } from '../store.ts'
import type { Bench } from './bench.ts'
import type { Production } from './production.ts'
import { actorOf, deploymentKey } from './profiles.ts'

/** What a column holds, so far as a change of it breaks something: whole numbers may become fractions. */
function kindOf(type: string): string {
  if (type === 'integer' || type === 'number') return 'number'
  return type === 'timestamp' || type === 'date' ? 'time' : type
}

type Schema = Record<string, string>

/**
 * Columns that are gone, new, or of another type than when this deployment of the model was judged first: a change of what callers
 * send, found whatever the reference is. What is first seen is remembered; a new model version begins anew.
 */
export async function schemaFindings(
  bench: Bench,
  { name, signal }: PlannedSignal<SignalOf<'data_quality'>>,
  production: Production,
  ofOutputs: boolean,
): Promise<MonitorFinding[]> {
  const { about, needs } = bench
  if (signal.metric_thresholds?.schema_changes === false || !production.collected || about.target === undefined)
    return []
  const columns = ofOutputs ? production.outputs : production.inputs
  const now: Schema = Object.fromEntries(columns.map(({ name: column, type }: WindowColumn) => [column, kindOf(type)]))
  const content = deploymentKey(bench, about.target)
  const basis = `schema ${ofOutputs ? 'outputs' : 'inputs'}`
  const known = await findReference(needs.db, about.workspace, content, basis)
  if (known === undefined) {
    await needs.db.withTransaction(actorOf(bench), tx =>
      keepReference(tx, { content, basis, model: null, measured: JSON.stringify(now) }),
    )
    return []
  }
  return changesOf(name, JSON.parse(known) as Schema, now)
}

/** One finding for each column that changed. */
export function changesOf(signal: string, before: Schema, now: Schema): MonitorFinding[] {
  const finding = (feature: string, metric: string, note: string): MonitorFinding => ({
    ...{ signal, feature, metric, note },
    ...{ value: 1, threshold: 0, breached: true },
  })
  return [
    ...Object.keys(before)
      .filter(column => !Object.hasOwn(now, column))
      .map(column => finding(column, 'column_missing', 'no row has it any more')),
    ...Object.keys(now)
      .filter(column => !Object.hasOwn(before, column))
      .map(column => finding(column, 'column_new', `a ${now[column]} that was not there before`)),
    ...Object.entries(now)
      .filter(([column, kind]) => Object.hasOwn(before, column) && before[column] !== kind)
      .map(([column, kind]) => finding(column, 'type_changed', `from ${before[column]} to ${kind}`)),
  ]
}
