import {
  before,
  type DriftReport,
  dataQualityMetrics,
  type FeatureDrift,
  type MetricResult,
  type MonitorFinding,
  type SignalOf,
  type SignalResult,
} from '@hagane/contract'
import { type PlannedSignal, qualityThresholdsOf } from '../plan.ts'
import type { Bench } from './bench.ts'
import { notJudged, windowOf } from './case.ts'
import { compared, findingOf, nothingBefore, worstFirst } from './drift.ts'
import { chosenFeatures } from './features.ts'
import { type Production, productionIn, productionOf } from './production.ts'
import { referenceOf } from './reference.ts'
import { schemaFindings } from './schema.ts'

type Quality = SignalOf<'data_quality'>

/** Where nobody set a threshold, so much more than in the reference is a finding: Azure ML's 0 would find every gap anew. */
const TOLERANCE = 0.01

/** Judges whether values are missing, of another type, or out of the bounds of the reference, and whether columns changed. */
export async function judgeQuality(bench: Bench, planned: PlannedSignal<Quality>): Promise<SignalResult> {
  const { signal } = planned
  const production = await productionIn(bench, planned, 'profile')
  if ('status' in production) return lacksRows(planned, production)
  const ofOutputs = productionOf(signal)?.data_context === 'model_outputs'
  const columns = (ofOutputs ? production.outputs : production.inputs).map(({ column }) => column)
  const what = ofOutputs ? 'outputs' : 'inputs'
  const at = { window: windowOf(production.window), rows: production.rows }
  if (columns.length === 0)
    return notJudged(planned, `no ${what} are collected: enable model_${what} in data_collector`, at)
  const reference = await referenceOf(bench, {
    data: signal.reference_data,
    production: production.window,
    columns,
    signal: planned,
  })
  const schema = await schemaFindings(bench, planned, production, ofOutputs)
  const whole = wholeFindings(planned, production, bench.about.moment)
  if (reference === undefined) {
    if (schema.length + whole.length === 0) return notJudged(planned, nothingBefore(what), at)
    return result(planned, production, [...schema, ...whole], { notes: [...production.notes, nothingBefore(what)] })
  }
  const { features, note } = await chosenFeatures(bench, { signal, production, reference, columns })
  const report = await compared(bench, production, reference, {}, features)
  const findings = [...ofFeatures(planned, report), ...ofTable(planned, report), ...schema, ...whole]
  return result(planned, production, findings, {
    reference: reference.name,
    reference_rows: report.reference.rows,
    notes: [...production.notes, ...(note === undefined ? [] : [note])],
  })
}

function result(
  { name, signal }: PlannedSignal<Quality>,
  production: Production,
  findings: MonitorFinding[],
  more: Partial<SignalResult>,
): SignalResult {
  return {
    signal: name,
    type: signal.type,
    status: findings.some(finding => finding.breached) ? 'breached' : 'healthy',
    window: windowOf(production.window),
    rows: production.rows,
    notes: [],
    findings: worstFirst(findings),
    ...more,
  }
}

/** A window without rows is nothing to judge, unless it is just that which somebody wants to hear of. */
function lacksRows(planned: PlannedSignal<Quality>, found: SignalResult): SignalResult {
  const least = planned.signal.metric_thresholds?.minimum_rows
  if (least === undefined || found.rows === undefined || found.rows >= least) return found
  const { name, signal } = planned
  const finding = { signal: name, metric: 'rows', value: found.rows, threshold: least, breached: true }
  return { ...found, type: signal.type, status: 'breached', findings: [finding] }
}

const isQuality = (metric: string): boolean => (dataQualityMetrics as readonly string[]).includes(metric)

function ofFeatures({ name, signal }: PlannedSignal<Quality>, report: DriftReport): MonitorFinding[] {
  const thresholds = qualityThresholdsOf(signal)
  return report.features.flatMap(feature => {
    const kind = feature.kind === 'numeric' || feature.kind === 'time' ? thresholds.numerical : thresholds.categorical
    const own = Object.hasOwn(thresholds.features, feature.feature) ? thresholds.features[feature.feature] : undefined
    return feature.metrics
      .filter(({ metric }) => isQuality(metric))
      .map(metric => {
        const said = own?.[metric.metric] ?? kind[metric.metric]
        const threshold = said ?? (thresholds.byDefault.includes(metric.metric) ? usual(feature, metric) : undefined)
        return findingOf(name, feature, judgedBy(metric, threshold))
      })
  })
}

/** The rate of the reference itself, and a little. */
function usual({ reference: { count, nulls, type_errors } }: FeatureDrift, { metric }: MetricResult): number {
  const rows = count + nulls
  const own = metric === 'null_value_rate' ? nulls : metric === 'data_type_error_rate' ? type_errors : 0
  return (rows === 0 ? 0 : own / rows) + TOLERANCE
}

const judgedBy = (metric: MetricResult, threshold: number | undefined): MetricResult => ({
  ...metric,
  ...(threshold === undefined ? {} : { threshold }),
  breached: threshold !== undefined && metric.value !== null && metric.value > threshold,
})

/** Rows that repeat, and how many there are for each of the reference. */
function ofTable({ name, signal }: PlannedSignal<Quality>, report: DriftReport): MonitorFinding[] {
  const limits = signal.metric_thresholds ?? {}
  return report.table.flatMap(({ metric, value }) => {
    if (metric !== 'volume_ratio' && metric !== 'duplicate_row_rate') return []
    const threshold = limits[metric]
    const beyond = threshold !== undefined && value !== null
    const breached = beyond && (metric === 'volume_ratio' ? value < threshold : value > threshold)
    return [{ signal: name, metric, value, breached, ...(threshold === undefined ? {} : { threshold }) }]
  })
}

/** Freshness, in seconds, and the number of rows. */
function wholeFindings(
  { name, signal }: PlannedSignal<Quality>,
  production: Production,
  moment: Date,
): MonitorFinding[] {
  const { freshness, minimum_rows: least } = signal.metric_thresholds ?? {}
  const findings: MonitorFinding[] = []
  if (production.newest !== undefined) {
    const value = Math.max(0, (moment.getTime() - Date.parse(production.newest)) / 1000)
    const threshold =
      freshness === undefined ? undefined : (moment.getTime() - before(moment, freshness).getTime()) / 1000
    const breached = threshold !== undefined && value > threshold
    findings.push({
      signal: name,
      metric: 'freshness',
      value,
      breached,
      ...(threshold === undefined ? {} : { threshold }),
    })
  }
  if (least !== undefined)
    findings.push({
      signal: name,
      metric: 'rows',
      value: production.rows,
      threshold: least,
      breached: production.rows < least,
    })
  return findings
}
