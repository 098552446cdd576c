import { HaganeError, type SignalResult } from '@hagane/contract'
import type { Tx } from '../../kernel/db/index.ts'
import type { Tracking } from '../tracking/index.ts'
import type { RunRow } from './tables.ts'

const EXPERIMENT = 'monitors'
const MOST_METRICS = 1000

type Charts = Pick<Tracking, 'ensureExperiment' | 'createRun' | 'logMetrics'>

/** Writes what a run of a monitor measured, in the transaction that ends it. */
export type Chart = (tx: Tx, run: RunRow, results: readonly SignalResult[]) => Promise<void>

/**
 * Metrics of a monitor as those of one MLflow run in the experiment `monitors`: a point for each window, so that any MLflow client
 * draws them over time. Keys are `<signal>/<feature>/<metric>`.
 */
export const chartsIn =
  (tracking: Charts): Chart =>
  async (tx, run, results) => {
    const points = results.flatMap(({ window, findings }) =>
      findings.flatMap(({ signal, segment, feature, metric, value }) => {
        if (value === null || !Number.isFinite(value)) return []
        const key = [signal, segment, feature, metric].filter(part => part !== undefined).join('/')
        return [{ key: keyOf(key), value, step: run.seq, timestamp: Date.parse(window?.end ?? run.time) }]
      }),
    )
    if (points.length === 0) return
    const runId = `monitor-${run.monitor_id.toLowerCase()}`
    const log = () => tracking.logMetrics(tx, runId, points.slice(0, MOST_METRICS))
    await log().catch(async (error: unknown) => {
      if (!(error instanceof HaganeError) || error.kind !== 'not_found') throw error
      const experimentId = await tracking.ensureExperiment(tx, EXPERIMENT)
      const tags = { 'hagane.monitor': run.monitor }
      await tracking.createRun(tx, { runId, experimentId, name: run.monitor, tags, startTime: tx.now.getTime() })
      await log()
    })
  }

/** MLflow's names of metrics hold letters, digits, and _ - . space : / and no more. */
const keyOf = (text: string): string => text.replace(/[^\w\-. :/]/gu, '_').slice(0, 250)
