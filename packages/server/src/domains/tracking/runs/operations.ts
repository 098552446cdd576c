import type { Database } from '../../../kernel/db/index.ts'
import { type LoggedPoint, metricList, readPoint } from '../metrics/points.ts'
import { readsOf } from '../tables.ts'
import { choice, type Field, integer, list, required, text } from '../wire/fields.ts'
import { invalidParameter } from '../wire/mlflow-error.ts'
import { type Operation, operation } from '../wire/operation.ts'
import { keyValue } from '../wire/shared-messages.ts'
import { pairList } from './batch.ts'
import type { RunStatus } from './logging.ts'
import { runInfoOut, runOut } from './messages.ts'
import { modelEntry } from './model-entry.ts'
import { runData } from './reads.ts'
import type { Runs } from './service.ts'

export const runStatus = choice({ RUNNING: 1, SCHEDULED: 2, FINISHED: 3, FAILED: 4, KILLED: 5 })
const byId = { run_id: required(text) }
const write = { method: 'POST' as const, permission: 'tracking.write' as const }

/** One metric, read with the same rules as in a batch: the message itself is the point. */
const readMetricMessage = (input: Record<string, unknown>): LoggedPoint => readPoint(input, '')
const raw: Field<unknown> = { required: false, list: false, read: value => value }

/** `runs/*` of MLflow's REST API, without search. */
export function runOperations(db: Database, runs: Runs): Operation[] {
  return [
    operation({
      ...write,
      name: 'runs.create',
      path: '/runs/create',
      summary: 'Create a run',
      request: {
        experiment_id: text,
        user_id: text,
        run_name: text,
        start_time: integer,
        tags: list(keyValue),
      },
      handle: async (input, call) => {
        const row = await runs.create(call, {
          experimentId: input.experiment_id || '0',
          name: input.run_name || undefined,
          user: input.user_id,
          startTime: input.start_time,
          tags: input.tags.map(({ key, value }) => ({ key, value: value ?? '' })),
        })
        const data = (await runData(readsOf(db), db.dialect, [row.run_no])).get(row.run_no)
        return { run: data === undefined ? { info: runInfoOut(row) } : runOut(row, data) }
      },
    }),
    operation({
      name: 'runs.get',
      method: 'GET',
      path: '/runs/get',
      permission: 'tracking.read',
      summary: 'Show a run, deleted or not',
      request: byId,
      handle: async ({ run_id }, call) => {
        const { row, data } = await runs.get(call, run_id)
        return { run: runOut(row, data) }
      },
    }),
    operation({
      ...write,
      name: 'runs.update',
      path: '/runs/update',
      summary: 'Change status, end time or name of a run',
      request: { ...byId, status: runStatus, end_time: integer, run_name: text },
      handle: async ({ run_id, status, end_time, run_name }, call) => ({
        run_info: runInfoOut(
          await runs.update(call, run_id, {
            status: status as RunStatus | undefined,
            endTime: end_time,
            name: run_name,
          }),
        ),
      }),
    }),
    ...lifecycleOperations(runs),
    ...loggingOperations(runs),
  ]
}

const lifecycleOperations = (runs: Runs): Operation[] => [
  operation({
    ...write,
    name: 'runs.delete',
    path: '/runs/delete',
    summary: 'Delete a run; it can be restored, and its artifacts stay',
    request: byId,
    handle: async ({ run_id }, call) => {
      await runs.remove(call, run_id)
      return {}
    },
  }),
  operation({
    ...write,
    name: 'runs.restore',
    path: '/runs/restore',
    summary: 'Restore a deleted run',
    request: byId,
    handle: async ({ run_id }, call) => {
      await runs.restore(call, run_id)
      return {}
    },
  }),
]

function loggingOperations(runs: Runs): Operation[] {
  return [
    operation({
      ...write,
      name: 'runs.logBatch',
      path: '/runs/log-batch',
      summary: 'Log metrics, params and tags together, all or nothing',
      request: { ...byId, metrics: metricList, params: pairList, tags: pairList },
      handle: async ({ run_id, ...batch }, call) => {
        await runs.logBatch(call, run_id, batch)
        return {}
      },
    }),
    operation({
      ...write,
      name: 'runs.logMetric',
      path: '/runs/log-metric',
      summary: 'Log one point of a metric',
      request: {
        ...byId,
        key: raw,
        value: raw,
        timestamp: raw,
        step: raw,
        model_id: raw,
        dataset_name: raw,
        dataset_digest: raw,
      },
      handle: async ({ run_id, ...point }, call) => {
        await runs.logMetric(call, run_id, readMetricMessage(point))
        return {}
      },
    }),
    operation({
      ...write,
      name: 'runs.logParameter',
      path: '/runs/log-parameter',
      summary: 'Log a param',
      request: { ...byId, key: required(text), value: text },
      handle: async ({ run_id, key, value }, call) => {
        await runs.logParam(call, run_id, { key, value: value ?? '' })
        return {}
      },
    }),
    ...tagOperations(runs),
  ]
}

const tagOperations = (runs: Runs): Operation[] => [
  operation({
    ...write,
    name: 'runs.setTag',
    path: '/runs/set-tag',
    summary: 'Set a tag of a run',
    request: { ...byId, key: required(text), value: text },
    handle: async ({ run_id, key, value }, call) => {
      await runs.setTag(call, run_id, { key, value: value ?? '' })
      return {}
    },
  }),
  operation({
    ...write,
    name: 'runs.deleteTag',
    path: '/runs/delete-tag',
    summary: 'Delete a tag of a run',
    request: { ...byId, key: required(text) },
    handle: async ({ run_id, key }, call) => {
      await runs.deleteTag(call, run_id, key)
      return {}
    },
  }),
  operation({
    ...write,
    name: 'runs.logModel',
    path: '/runs/log-model',
    summary: 'Add a model to the history of a run, for clients before MLflow 3',
    request: { ...byId, model_json: required(text) },
    handle: async ({ run_id, model_json }, call) => {
      await runs.recordModel(call, run_id, modelEntry(model_json))
      return {}
    },
  }),
]

/** Refuses a page size outside what MLflow takes for runs. */
export function runsPageSize(sent: number | undefined): number {
  const size = sent ?? 1000
  if (size < 1)
    throw invalidParameter(`Invalid value ${size} for parameter 'max_results' supplied. It must be a positive integer`)
  if (size > 50_000)
    throw invalidParameter(`Invalid value ${size} for parameter 'max_results' supplied. It must be at most 50000`)
  return size
}
