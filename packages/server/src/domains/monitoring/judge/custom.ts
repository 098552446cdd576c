import { createReadStream } from 'node:fs'
import {
  HaganeError,
  type JobInput,
  type MonitorData,
  type MonitorFinding,
  type SignalOf,
  type SignalResult,
  treeUri,
} from '@hagane/contract'
import type { PlannedSignal } from '../plan.ts'
import { productionWindow } from '../windows.ts'
import type { Bench } from './bench.ts'
import { notJudged, windowOf } from './case.ts'
import { jobOfComponent } from './component-job.ts'
import { worstFirst } from './drift.ts'
import { preparedBy } from './named-table.ts'

type Custom = SignalOf<'custom'>

/** Azure ML's names for the output of a custom signal, and for its columns. */
const OUTPUT = 'signal_metrics'
const MOST_ROWS = 10_000

/**
 * Has a component judge: its inputs are the data that the signal names, `<metric>_threshold` where it declares such, and the window; its output
 * `signal_metrics` is a table of Azure ML's columns group, metric_name, metric_value, threshold_value and group_pivot.
 */
export async function judgeCustom(bench: Bench, planned: PlannedSignal<Custom>): Promise<SignalResult> {
  const { name, signal } = planned
  const { needs, about } = bench
  const { spec } = await needs.components.resolve(about.workspace, signal.component_id)
  const declared = Object.keys(spec.inputs ?? {})
  const window = productionWindow(undefined, about.trigger, about.moment)
  const inputs: Record<string, JobInput> = {}
  for (const [input, data] of Object.entries(signal.input_data ?? {}))
    inputs[input] = await dataInput(bench, name, input, data)
  for (const [input, value] of Object.entries(signal.inputs ?? {})) inputs[input] = value as JobInput
  for (const { metric_name, threshold } of signal.metric_thresholds)
    if (threshold !== undefined && declared.includes(`${metric_name}_threshold`))
      inputs[`${metric_name}_threshold`] ??= threshold
  if (declared.includes('data_window_start')) inputs.data_window_start ??= window.start.toISOString()
  if (declared.includes('data_window_end')) inputs.data_window_end ??= window.end.toISOString()
  const run = { step: name, component: signal.component_id, inputs, output: OUTPUT, compute: signal.compute }
  const job = await jobOfComponent(bench, run)
  const findings = await metricsOf(bench, planned, job.name)
  const at = { window: windowOf(window), job: job.name }
  if (findings.length === 0) return notJudged(planned, `job ${job.name} gave no metrics`, at)
  return {
    ...{ signal: name, type: signal.type, notes: [], ...at },
    status: findings.some(finding => finding.breached) ? 'breached' : 'healthy',
    findings: worstFirst(findings),
  }
}

/** A table that the signal names, prepared by its component where there is one, or what the deployment collected in the window. */
async function dataInput(bench: Bench, signal: string, input: string, data: MonitorData): Promise<JobInput> {
  const { input_data: named, pre_processing_component: component } = data
  const window = productionWindow(data, bench.about.trigger, bench.about.moment)
  if (named === undefined) return { type: 'mltable', path: await collectedTable(bench, data) }
  if (component === undefined) return { type: named.type ?? 'mltable', path: named.path }
  const of = { step: `${signal}.${input}`, component, uri: named.path, data, window }
  return { type: 'mltable', path: await preparedBy(bench, of) }
}

/** The rows of the window as an MLTable that a component reads. */
async function collectedTable(bench: Bench, data: MonitorData): Promise<string> {
  const { target, trigger, moment } = bench.about
  if (target === undefined)
    throw new HaganeError('invalid', 'input_data names no table, and no deployment is watched', {
      hint: 'add input_data.path, or monitoring_target.endpoint_deployment_id',
    })
  const { source } = await bench.rows(target, productionWindow(data, trigger, moment))
  const { blobs } = bench.needs
  const rows = await blobs.put(createReadStream(source.path))
  const table = await blobs.put(Buffer.from('paths:\n  - file: ./rows.parquet\ntransformations:\n  - read_parquet\n'))
  const { digest } = await blobs.putTree([
    { path: 'MLTable', digest: table.digest, size: table.size },
    { path: 'rows.parquet', digest: rows.digest, size: rows.size },
  ])
  return treeUri(digest)
}

/** The rows of the output, each with the threshold that the signal sets, else with its own; beyond it above. */
async function metricsOf(
  bench: Bench,
  { name, signal }: PlannedSignal<Custom>,
  job: string,
): Promise<MonitorFinding[]> {
  const source = await bench.needs.table(bench.about.workspace, `azureml://jobs/${job}/outputs/${OUTPUT}`)
  const { columns, rows } = await bench.ask({ kind: 'rows', source, limit: MOST_ROWS })
  const at = (column: string): number => columns.findIndex(one => one.name === column)
  if (at('metric_name') < 0 || at('metric_value') < 0)
    throw new HaganeError('invalid', `the output ${OUTPUT} of job ${job} has no columns metric_name and metric_value`, {
      hint: `it has: ${columns.map(one => one.name).join(', ')}; Azure ML's are group, metric_name, metric_value, threshold_value, group_pivot`,
    })
  const thresholds = new Map(signal.metric_thresholds.map(({ metric_name, threshold }) => [metric_name, threshold]))
  return rows.map(row => {
    const cell = (column: string): unknown => (at(column) < 0 ? undefined : row[at(column)])
    const metric = String(cell('metric_name'))
    const value = numberOf(cell('metric_value'))
    const threshold = thresholds.get(metric) ?? numberOf(cell('threshold_value')) ?? undefined
    const [group, pivot] = [textOf(cell('group')), textOf(cell('group_pivot'))]
    return {
      ...{ signal: name, metric, value },
      ...(group === undefined ? {} : { feature: group }),
      ...(pivot === undefined ? {} : { segment: pivot }),
      ...(threshold === undefined ? {} : { threshold }),
      breached: threshold !== undefined && value !== null && value > threshold,
    }
  })
}

const numberOf = (cell: unknown): number | null =>
  cell !== null && cell !== undefined && cell !== '' && Number.isFinite(Number(cell)) ? Number(cell) : null

const textOf = (cell: unknown): string | undefined =>
  cell === null || cell === undefined || cell === '' ? undefined : String(cell)
