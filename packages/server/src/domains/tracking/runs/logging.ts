import type { Tx } from '../../../kernel/db/index.ts'
import { foldRun } from '../metrics/fold.ts'
import { pointCount } from '../metrics/reads.ts'
import { encodeSegment, type Point } from '../metrics/segments.ts'
import { appendSegment } from '../metrics/store.ts'
import { writesOf } from '../tables.ts'
import { invalidParameter, notFound } from '../wire/mlflow-error.ts'
import type { KeyValue } from '../wire/names.ts'
import { pythonRepr } from '../wire/python-text.ts'
import { findRun, type RunRow, runData } from './reads.ts'
import { sealOf } from './seal.ts'
import { insertParams, updateRun, upsertTags } from './store.ts'

export const RUN_NAME_TAG = 'mlflow.runName'

export type RunStatus = 'RUNNING' | 'SCHEDULED' | 'FINISHED' | 'FAILED' | 'KILLED'
const ended: readonly string[] = ['FINISHED', 'FAILED', 'KILLED'] satisfies RunStatus[]

/** A run of the transaction's workspace, deleted or not. */
export async function requireRun(tx: Tx, runId: string): Promise<RunRow> {
  const run = await findRun(writesOf(tx), tx.who.workspace, runId)
  if (run === undefined) throw runNotFound(runId)
  return run
}

export const runNotFound = (runId: string) => notFound(`Run with id=${runId} not found`)

/** A run that may be written to: one that ended may, a deleted one may not. */
export async function requireActiveRun(tx: Tx, runId: string): Promise<RunRow> {
  const run = await requireRun(tx, runId)
  if (run.lifecycle_stage !== 'active')
    throw invalidParameter(
      `The run ${run.run_id} must be in the 'active' state. Current state is ${run.lifecycle_stage}.`,
    )
  return run
}

/** Sets tags; `mlflow.runName` renames the run as well. */
export async function setTags(tx: Tx, run: RunRow, tags: readonly KeyValue[]): Promise<void> {
  await upsertTags(tx, run.run_no, tags)
  const name = tags.findLast(tag => tag.key === RUN_NAME_TAG)?.value
  if (name !== undefined && name !== run.run_name) await updateRun(tx, run.run_no, { run_name: name })
  if (tags.length > 0) amended(tx, run, { tags: Object.fromEntries(tags.map(({ key, value }) => [key, value])) })
}

/** Logs params. The same value again is fine; another value under a known key is refused and nothing is written. */
export async function logParams(tx: Tx, run: RunRow, params: readonly KeyValue[], single: boolean): Promise<void> {
  const stored = new Map((await insertParams(tx, run.run_no, params)).map(({ key, value }) => [key, value]))
  const conflicts = params.filter(({ key, value }) => stored.has(key) && stored.get(key) !== value)
  if (conflicts.length > 0) throw paramConflict(run.run_id, conflicts, stored, single)
  if (params.length > 0) amended(tx, run, { params: Object.fromEntries(params.map(({ key, value }) => [key, value])) })
}

function paramConflict(runId: string, conflicts: readonly KeyValue[], stored: Map<string, string>, single: boolean) {
  const [first] = conflicts
  if (single && first !== undefined)
    return invalidParameter(
      `Changing param values is not allowed. Param with key='${first.key}' was already logged with value='${stored.get(first.key)}' for run ID='${runId}'. Attempted logging new value '${first.value}'.`,
    )
  const listed = conflicts.map(
    ({ key, value }) =>
      `{'key': ${pythonRepr(key)}, 'old_value': ${pythonRepr(stored.get(key) ?? '')}, 'new_value': ${pythonRepr(value)}}`,
  )
  return invalidParameter(
    `Changing param values is not allowed. Params were already logged='[${listed.join(', ')}]' for run ID='${runId}'.`,
  )
}

/** Logs metric points. They are readable at once; search sees them after the next fold. */
export async function logMetrics(tx: Tx, run: RunRow, points: readonly Point[]): Promise<void> {
  if (points.length === 0) return
  await appendSegment(tx, run.run_no, points.length, encodeSegment(points))
  amended(tx, run, { metrics: [...new Set(points.map(point => point.key))], metric_points: points.length })
}

/** Says that something was logged after the run had been sealed. */
function amended(tx: Tx, run: RunRow, what: Record<string, unknown>): void {
  if (run.seal === null || !ended.includes(run.status)) return
  tx.append({
    type: 'dev.hagane.run.amended',
    subject: `run/${run.run_id}`,
    data: { run_id: run.run_id, seal: run.seal, ...what },
  })
}

/** Changes a run's status. At its end the run is sealed and an event says so; ending again seals what was added since. */
export async function setStatus(tx: Tx, run: RunRow, status: RunStatus, endTime?: number): Promise<void> {
  const change = { status, ...(endTime === undefined ? {} : { end_time: endTime }) }
  if (!ended.includes(status)) {
    await updateRun(tx, run.run_no, change)
    if (run.status !== status) appendRunEvent(tx, run, status === 'RUNNING' ? 'started' : 'scheduled', { status })
    return
  }
  await foldRun(tx, run)
  const data = (await runData(writesOf(tx), tx.dialect, [run.run_no])).get(run.run_no)
  const seal = sealOf(run.run_id, data ?? EMPTY_RUN, await pointCount(writesOf(tx), run.run_no))
  await updateRun(tx, run.run_no, { ...change, seal: seal.digest })
  const { digest, ...counts } = seal
  appendRunEvent(tx, run, 'finished', {
    status,
    experiment_id: String(run.experiment_id),
    name: run.run_name,
    end_time: endTime ?? run.end_time,
    seal: digest,
    ...counts,
  })
}

/** What a run holds that nothing was logged to. */
export const EMPTY_RUN = { params: [], tags: [], metrics: [], datasets: [], modelInputs: [], modelOutputs: [] }

export const appendRunEvent = (tx: Tx, run: RunRow, what: string, data: Record<string, unknown>): void =>
  tx.append({ type: `dev.hagane.run.${what}`, subject: `run/${run.run_id}`, data: { run_id: run.run_id, ...data } })
