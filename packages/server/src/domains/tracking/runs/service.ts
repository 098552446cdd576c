import type { Database, Tx, Who } from '../../../kernel/db/index.ts'
import { newHexId, newRunName } from '../../../kernel/ids.ts'
import { type Experiments, locationIn, requireActiveExperiment } from '../experiments/service.ts'
import { withTail } from '../metrics/latest.ts'
import { logModelMetrics } from '../metrics/model-metrics-store.ts'
import { checkPoint, type LoggedPoint } from '../metrics/points.ts'
import { tailOf } from '../metrics/reads.ts'
import { readsOf, writesOf } from '../tables.ts'
import { invalidParameter, MlflowError, notFound } from '../wire/mlflow-error.ts'
import { checkRunId, checkTag, type KeyValue, limits } from '../wire/names.ts'
import { type Batch, checkBatch } from './batch.ts'
import {
  appendRunEvent,
  logMetrics,
  logParams,
  RUN_NAME_TAG,
  type RunStatus,
  requireActiveRun,
  requireRun,
  runNotFound,
  setStatus,
  setTags,
} from './logging.ts'
import { findRun, type RunData, type RunRow, runData, tagValue } from './reads.ts'
import { deleteTag, insertRun, updateRun, upsertTags } from './store.ts'

export interface NewRun {
  runId?: string | undefined
  experimentId: string
  name?: string | undefined
  user?: string | undefined
  status?: RunStatus
  startTime?: number | undefined
  tags: readonly KeyValue[]
}

const LOGGED_MODELS_TAG = 'mlflow.log-model.history'
const EVERY_SEGMENT = 1_000_000

/** Whom a run belongs to: the caller, once callers are known; without credentials what the client says. */
export const userOf = (actor: string, sent: string | undefined): string =>
  actor.startsWith('local:') ? (sent ?? '') : actor.slice(actor.indexOf(':') + 1)

/** Is told of a run after each commit that logged metrics of it, with the keys that a client logged: none when this server did. */
export type MetricsListener = (workspace: string, runId: string, keys: readonly string[]) => void

const keysOf = (points: readonly LoggedPoint[]): string[] => [...new Set(points.map(point => point.key))]

/** The use cases of runs. */
export function buildRuns(db: Database, experiments: Experiments, logged: MetricsListener) {
  const write = <T>(who: Who, runId: string, fn: (tx: Tx, run: RunRow) => Promise<T>): Promise<T> =>
    db.withTransaction(who, async tx => fn(tx, await requireActiveRun(tx, runId)))

  const createIn = async (tx: Tx, run: NewRun): Promise<RunRow> => {
    const experiment = await experiments.findIn(tx, run.experimentId)
    requireActiveExperiment(experiment)
    const tags = run.tags.map(tag => checkTag(tag))
    const name = runNameOf(run, tags)
    const runId = run.runId ?? newHexId()
    const row = await insertRun(tx, {
      run_id: runId,
      experiment_id: experiment.experiment_id,
      run_name: name,
      user_id: userOf(tx.who.actor, run.user),
      status: run.status ?? 'RUNNING',
      start_time: run.startTime ?? tx.now.getTime(),
      artifact_uri: locationIn(experiment, runId, 'artifacts'),
    })
    await upsertTags(tx, row.run_no, [...tags, { key: RUN_NAME_TAG, value: name }])
    const parent = tags.find(tag => tag.key === 'mlflow.parentRunId')?.value
    appendRunEvent(tx, row, 'created', {
      experiment_id: String(row.experiment_id),
      name,
      status: row.status,
      ...(parent === undefined ? {} : { parent_run_id: parent }),
    })
    return row
  }

  const logPoints = async (tx: Tx, run: RunRow, points: readonly LoggedPoint[]): Promise<void> => {
    await logMetrics(tx, run, points)
    await logModelMetrics(
      tx,
      run.run_id,
      points.filter(point => point.modelId !== undefined),
    )
    if (points.length > 0) tx.afterCommit(() => logged(run.workspace, run.run_id, keysOf(points)))
  }

  return {
    createIn,
    create: (who: Who, run: NewRun): Promise<RunRow> => db.withTransaction(who, tx => createIn(tx, run)),
    /** A run and everything it holds, also what is not folded in yet. */
    async get(who: Who, runId: string): Promise<{ row: RunRow; data: RunData }> {
      const reads = readsOf(db)
      const row = await findRun(reads, who.workspace, runId)
      if (row === undefined) throw runNotFound(runId)
      const tail = await tailOf(reads, row.run_no, EVERY_SEGMENT)
      const data = (await runData(reads, db.dialect, [row.run_no])).get(row.run_no) as RunData
      return { row, data: { ...data, metrics: withTail(data.metrics, tail) } }
    },
    update: (
      who: Who,
      runId: string,
      change: { status?: RunStatus | undefined; endTime?: number | undefined; name?: string | undefined },
    ): Promise<RunRow> =>
      write(who, runId, async (tx, run) => {
        if (change.name !== undefined && change.name !== '')
          await setTags(tx, run, [checkTag({ key: RUN_NAME_TAG, value: change.name })])
        if (change.status !== undefined) await setStatus(tx, run, change.status, change.endTime)
        else if (change.endTime !== undefined) await updateRun(tx, run.run_no, { end_time: change.endTime })
        return requireRun(tx, runId)
      }),
    remove: (who: Who, runId: string): Promise<void> =>
      db.withTransaction(who, async tx => {
        const run = await requireRun(tx, runId)
        if (run.lifecycle_stage === 'deleted') return
        await updateRun(tx, run.run_no, { lifecycle_stage: 'deleted', deleted_time: tx.now.getTime() })
        appendRunEvent(tx, run, 'deleted', {})
      }),
    restore: (who: Who, runId: string): Promise<void> =>
      db.withTransaction(who, async tx => {
        const run = await requireRun(tx, runId)
        if (run.lifecycle_stage === 'active') return
        await updateRun(tx, run.run_no, { lifecycle_stage: 'active', deleted_time: null })
        appendRunEvent(tx, run, 'restored', {})
      }),
    logBatch(who: Who, runId: string, sent: Batch): Promise<void> {
      checkRunId(runId)
      const batch = checkBatch(sent)
      return write(who, runId, async (tx, run) => {
        await logParams(tx, run, batch.params, false)
        await logPoints(tx, run, batch.metrics)
        await setTags(tx, run, batch.tags)
      })
    },
    logMetric(who: Who, runId: string, point: LoggedPoint): Promise<void> {
      checkPoint(point, '')
      return write(who, runId, (tx, run) => logPoints(tx, run, [point]))
    },
    logParam: (who: Who, runId: string, param: KeyValue): Promise<void> =>
      write(who, runId, (tx, run) => logParams(tx, run, [param], true)),
    setTag(who: Who, runId: string, tag: KeyValue): Promise<void> {
      const checked = checkTag(tag)
      return write(who, runId, (tx, run) => setTags(tx, run, [checked]))
    },
    deleteTag: (who: Who, runId: string, key: string): Promise<void> =>
      write(who, runId, async (tx, run) => {
        if (!(await deleteTag(tx, run.run_no, key))) throw notFound(`No tag with name: ${key} in run with id ${runId}`)
      }),
    /** What clients before MLflow 3 send after log_model: one more entry of the run's model history. */
    recordModel: (who: Who, runId: string, model: Record<string, unknown>): Promise<void> =>
      write(who, runId, async (tx, run) => {
        const history = parseHistory(await tagValue(writesOf(tx), run.run_no, LOGGED_MODELS_TAG))
        const value = JSON.stringify([...history, model])
        if (value.length > limits.tagValue)
          throw invalidParameter(
            `The model history of the run would exceed the maximum length of ${limits.tagValue} characters of a tag.`,
          )
        await setTags(tx, run, [{ key: LOGGED_MODELS_TAG, value }])
      }),
  }
}
export type Runs = ReturnType<typeof buildRuns>

/** The name in the request and in the tag must agree; without either the server picks one. */
function runNameOf(run: NewRun, tags: readonly KeyValue[]): string {
  const tagged = tags.findLast(tag => tag.key === RUN_NAME_TAG)?.value
  if (run.name && tagged && run.name !== tagged)
    throw new MlflowError(
      'INVALID_PARAMETER_VALUE',
      `Both 'run_name' argument and 'mlflow.runName' tag are specified, but with different values (run_name='${run.name}', mlflow.runName='${tagged}').`,
    )
  return run.name || tagged || newRunName()
}

function parseHistory(tag: string | undefined): unknown[] {
  if (tag === undefined) return []
  try {
    const parsed: unknown = JSON.parse(tag)
    return Array.isArray(parsed) ? parsed : []
  } catch {
    return []
  }
}
