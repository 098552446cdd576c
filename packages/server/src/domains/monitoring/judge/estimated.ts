import type { SignalOf, SignalResult } from '@hagane/contract'
import { type PlannedSignal, performanceThresholdsOf } from '../plan.ts'
import { pastWindow } from '../windows.ts'
import type { Bench } from './bench.ts'
import { notJudged, windowOf } from './case.ts'
import { worstFirst } from './drift.ts'
import { labelOf, modelColumns } from './model-columns.ts'
import { scoreFinding } from './performance.ts'
import { type Production, productionIn, productionOf } from './production.ts'

type Estimated = SignalOf<'estimated_performance'>

/** Rows with labels that an estimate is learned from, at least. */
const LEAST = 100

/**
 * Judges how good predictions are likely to be before their labels come: confidence-based for classification, direct loss estimation
 * for regression. It learns from a table with predictions and labels that the signal names, else from what was labelled before.
 */
export async function judgeEstimated(bench: Bench, planned: PlannedSignal<Estimated>): Promise<SignalResult> {
  const { name, signal } = planned
  const production = await productionIn(bench, planned, 'rows')
  if ('status' in production) return production
  const at = { window: windowOf(production.window), rows: production.rows }
  const columns = modelColumns(bench.about, productionOf(signal), production)
  if (columns.task === 'classification' && columns.score === undefined)
    return notJudged(
      planned,
      'no probability is collected: name it in production_data.data_column_names.prediction_probability',
      at,
    )
  const reference = await labelledReference(bench, signal, production)
  if (reference === undefined)
    return notJudged(
      planned,
      `at least ${LEAST} labelled rows are wanted to learn from; name a table with predictions and labels in reference_data`,
      at,
    )
  const report = await bench.ask({
    kind: 'estimate',
    reference: reference.source,
    current: await production.source(),
    ...columns,
    target: reference.target,
    ...(columns.task === 'regression' ? { features: production.inputs.map(({ column }) => column) } : {}),
  })
  const thresholds = performanceThresholdsOf(signal, columns.task)
  const findings = report.metrics.map(({ metric, estimated, reference: before, reason }) => {
    const finding = scoreFinding(name, { metric, value: estimated, reason }, thresholds)
    return before === null ? finding : { ...finding, note: `${Number(before.toPrecision(4))} in the reference` }
  })
  return {
    ...{ signal: name, type: signal.type, ...at, notes: [...production.notes] },
    status: findings.some(finding => finding.breached) ? 'breached' : 'healthy',
    reference: reference.name,
    reference_rows: report.reference_rows,
    findings: worstFirst(findings),
  }
}

async function labelledReference(bench: Bench, signal: Estimated, production: Production) {
  const { about, needs } = bench
  const data = signal.reference_data
  const names = data?.data_column_names
  const target = names?.target_column ?? names?.actual ?? data?.target_column_name
  if (data?.input_data !== undefined) {
    const source = await needs.table(about.workspace, data.input_data.path)
    return { source, name: data.input_data.path, target: target ?? 'label' }
  }
  if (about.target === undefined) return undefined
  const window = pastWindow(data, production.window, about.moment)
  const { source, table } = await bench.rows(about.target, { start: window.start, end: production.window.start }, true)
  if (table.rows < LEAST) return undefined
  const labels = { ...production, labels: table.labels }
  return {
    source,
    name: `what was labelled before ${production.window.start.toISOString()}`,
    target: labelOf(data, labels),
  }
}
