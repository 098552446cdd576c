import type { Database, Who } from '../../../kernel/db/index.ts'
import { segmentsOf } from '../metrics/reads.ts'
import { type Series, sampleSeries, seriesOf, sliceSeries, sortSeries, stepsWithin } from '../metrics/series.ts'
import { findRun } from '../runs/reads.ts'
import { readsOf, type TrackingReads } from '../tables.ts'
import { integer, list, required, text } from '../wire/fields.ts'
import { invalidParameter } from '../wire/mlflow-error.ts'
import { type Operation, operation } from '../wire/operation.ts'
import { decodePageToken, encodePageToken } from '../wire/page-token.ts'
import { doubleOut, listOut } from '../wire/response.ts'

const MAX_RUNS = 100
const MAX_SAMPLE = 2500
const MAX_BULK = 25_000

const EMPTY: Series = { steps: new Float64Array(), timestamps: new Float64Array(), values: new Float64Array() }

const pointsOut = (key: string, { steps, timestamps, values }: Series, runId?: string) =>
  Array.from(values, (value, i) => ({
    key,
    value: doubleOut(value),
    timestamp: timestamps[i],
    step: steps[i],
    ...(runId === undefined ? {} : { run_id: runId }),
  }))

/** Every value of a metric of a run in the order it was logged. A run that does not exist has none. */
export async function valuesOf(db: TrackingReads, workspace: string, runId: string, key: string): Promise<number[]> {
  const run = await findRun(db, workspace, runId)
  return run === undefined ? [] : [...seriesOf(await segmentsOf(db, run.run_no), key).values]
}

/** Histories of metrics. A run that does not exist has none, as in MLflow. */
export function metricOperations(db: Database): Operation[] {
  const history = async (who: Who, runId: string, key: string, by: 'timestamp' | 'step'): Promise<Series> => {
    const run = await findRun(readsOf(db), who.workspace, runId)
    if (run === undefined) return EMPTY
    return sortSeries(seriesOf(await segmentsOf(readsOf(db), run.run_no), key), by)
  }
  return [
    operation({
      name: 'metrics.getHistory',
      method: 'GET',
      path: '/metrics/get-history',
      permission: 'tracking.read',
      summary: 'Every point of a metric of a run, by timestamp, step and value',
      request: { run_id: required(text), metric_key: required(text), max_results: integer, page_token: text },
      handle: async ({ run_id, metric_key, max_results, page_token }, call) => {
        if (max_results !== undefined && max_results <= 0)
          throw invalidParameter(
            `Invalid value ${max_results} for parameter 'max_results' supplied. It must be a positive integer.`,
          )
        const { offset } = decodePageToken(page_token)
        const series = await history(call, run_id, metric_key, 'timestamp')
        const end = max_results === undefined ? series.values.length : offset + max_results
        return {
          metrics: listOut(pointsOut(metric_key, sliceSeries(series, offset, end))),
          next_page_token: series.values.length > end ? encodePageToken(end) : undefined,
        }
      },
    }),
    operation({
      name: 'metrics.getHistoryBulk',
      method: 'GET',
      path: '/metrics/get-history-bulk',
      permission: 'tracking.read',
      summary: 'Points of a metric of several runs, run by run',
      request: { run_id: list(text), metric_key: text, max_results: integer },
      handle: async ({ run_id, metric_key, max_results }, call) => {
        if (run_id.length === 0)
          throw invalidParameter('GetMetricHistoryBulk request must specify at least one run_id.')
        if (run_id.length > MAX_RUNS)
          throw invalidParameter(
            `GetMetricHistoryBulk request cannot specify more than ${MAX_RUNS} run_ids. Received ${run_id.length} run_ids.`,
          )
        if (metric_key === undefined) throw invalidParameter('GetMetricHistoryBulk request must specify a metric_key.')
        const limit = Math.max(0, Math.min(max_results ?? MAX_BULK, MAX_BULK))
        const metrics = []
        for (const runId of [...new Set(run_id)].sort()) {
          if (metrics.length >= limit) break
          const series = sliceSeries(await history(call, runId, metric_key, 'timestamp'), 0, limit - metrics.length)
          metrics.push(...pointsOut(metric_key, series, runId))
        }
        return { metrics }
      },
    }),
    bulkInterval(history),
  ]
}

const bulkInterval = (history: (who: Who, runId: string, key: string, by: 'step') => Promise<Series>): Operation =>
  operation({
    name: 'metrics.getHistoryBulkInterval',
    method: 'GET',
    path: '/metrics/get-history-bulk-interval',
    permission: 'tracking.read',
    summary: 'Points of a metric of several runs for a chart: evenly spread, first and last always among them',
    request: {
      run_ids: required(list(text)),
      metric_key: required(text),
      start_step: integer,
      end_step: integer,
      max_results: integer,
    },
    handle: async ({ run_ids, metric_key, start_step, end_step, max_results = MAX_SAMPLE }, call) => {
      if (run_ids.length > MAX_RUNS)
        throw invalidParameter(
          `GetMetricHistoryBulkInterval request must specify at most ${MAX_RUNS} run_ids. Received ${run_ids.length} run_ids.`,
        )
      if (max_results < 1 || max_results > MAX_SAMPLE)
        throw invalidParameter(`max_results must be between 1 and ${MAX_SAMPLE}.`)
      const range = stepRange(start_step, end_step)
      const metrics = []
      for (const runId of run_ids) {
        const series = stepsWithin(await history(call, runId, metric_key, 'step'), range)
        metrics.push(...pointsOut(metric_key, sampleSeries(series, max_results), runId))
      }
      return { metrics: listOut(metrics) }
    },
  })

function stepRange(start: number | undefined, end: number | undefined): { start: number; end: number } | undefined {
  if (start === undefined && end === undefined) return undefined
  if (start === undefined || end === undefined)
    throw invalidParameter('If either start step or end step are specified, both must be specified.')
  if (start > end)
    throw invalidParameter(`end_step must be greater than start_step. Found start_step=${start} and end_step=${end}.`)
  return { start, end }
}
