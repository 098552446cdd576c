import {
  type DriftReport,
  type DriftThresholds,
  dataQualityMetrics,
  type FeatureDrift,
  type MetricResult,
  type MonitorFinding,
  type SignalOf,
  type SignalResult,
} from '@hagane/contract'
import { compareProfiles, ROW_ID } from '@hagane/tabular'
import { driftThresholdsOf, type PlannedSignal } from '../plan.ts'
import type { Bench } from './bench.ts'
import { notJudged, windowOf } from './case.ts'
import { chosenFeatures } from './features.ts'
import { type Production, productionIn, profileIn } from './production.ts'
import { type Reference, referenceOf } from './reference.ts'

type DriftSignal = SignalOf<'data_drift' | 'prediction_drift'>

/** Extreme rows that a finding names. */
const ROWS = 5

/** Judges whether inputs, or answers, are distributed otherwise than in the reference. */
export async function judgeDrift(bench: Bench, planned: PlannedSignal<DriftSignal>): Promise<SignalResult> {
  const { signal } = planned
  const production = await productionIn(bench, planned, 'profile')
  if ('status' in production) return production
  const columns = (signal.type === 'data_drift' ? production.inputs : production.outputs).map(({ column }) => column)
  const what = signal.type === 'data_drift' ? 'inputs' : 'outputs'
  const at = { window: windowOf(production.window), rows: production.rows }
  if (columns.length === 0)
    return notJudged(planned, `no ${what} are collected: enable model_${what} in data_collector`, at)
  const reference = await referenceOf(bench, {
    data: signal.reference_data,
    production: production.window,
    columns,
    signal: planned,
  })
  if (reference === undefined) return notJudged(planned, nothingBefore(what), at)
  const { features, note } = await chosenFeatures(bench, { signal, production, reference, columns })
  const report = await compared(bench, production, reference, driftThresholdsOf(signal), features)
  return resultOf(planned, report, reference, production, note)
}

export const nothingBefore = (what: string): string =>
  `there is nothing to compare the ${what} with yet: lineage knows no table that the model was trained on, and nothing was answered before the window`

/** Production and reference by every metric at once; the rows and the slice that moved are looked for where something did. */
export async function compared(
  bench: Bench,
  production: Production,
  reference: Reference,
  thresholds: DriftThresholds,
  features: readonly string[],
): Promise<DriftReport> {
  const has = new Set(reference.profile.columns.map(({ name }) => name))
  const both = features.filter(feature => has.has(feature))
  const report = compareProfiles(reference.profile, await profileIn(bench, production, reference), {
    thresholds,
    features: both,
  })
  const moved = report.features.filter(({ drifted }) => drifted).map(({ feature }) => feature)
  return moved.length === 0 ? report : withRows(report, await details(bench, production, reference, moved))
}

/** The same features exactly, from the rows. */
async function details(
  bench: Bench,
  production: Production,
  reference: Reference,
  features: readonly string[],
): Promise<DriftReport> {
  return bench.ask({
    kind: 'drift',
    reference: await reference.source(),
    current: await production.source(),
    features,
    ...(production.collected ? { id: ROW_ID } : {}),
    rows: ROWS,
    slices: true,
  })
}

function withRows(report: DriftReport, exact: DriftReport): DriftReport {
  const found = new Map(exact.features.map(feature => [feature.feature, feature]))
  const features = report.features.map(feature => {
    const { slice, rows } = found.get(feature.feature) ?? {}
    return { ...feature, ...(slice === undefined ? {} : { slice }), ...(rows === undefined ? {} : { rows }) }
  })
  return { ...report, features }
}

const isQuality = (metric: string): boolean => (dataQualityMetrics as readonly string[]).includes(metric)

function resultOf(
  { name, signal }: PlannedSignal<DriftSignal>,
  report: DriftReport,
  reference: Reference,
  production: Production,
  note: string | undefined,
): SignalResult {
  const ofFeatures = report.features.flatMap(feature =>
    feature.metrics.filter(({ metric }) => !isQuality(metric)).map(metric => findingOf(name, feature, metric)),
  )
  const ofTable =
    signal.metric_thresholds?.drift_share === undefined
      ? []
      : report.table.filter(({ metric }) => metric === 'drift_share').map(metric => tableFinding(name, metric))
  const findings = worstFirst([...ofTable, ...ofFeatures])
  const missing = report.only_reference.filter(column => column !== reference.target)
  return {
    signal: name,
    type: signal.type,
    status: findings.some(finding => finding.breached) ? 'breached' : 'healthy',
    window: windowOf(production.window),
    rows: production.rows,
    reference: reference.name,
    reference_rows: report.reference.rows,
    notes: [
      ...production.notes,
      ...(note === undefined ? [] : [note]),
      ...(missing.length === 0 || signal.type !== 'data_drift'
        ? []
        : [`only the reference has: ${missing.slice(0, 20).join(', ')}`]),
    ],
    findings,
  }
}

const tableFinding = (signal: string, { metric, value, threshold, breached }: MetricResult): MonitorFinding => ({
  ...{ signal, metric, value, breached },
  ...(threshold === undefined ? {} : { threshold }),
})

/** A metric of a feature as people read it; the rows and the slice that moved stand with what is beyond its threshold. */
export function findingOf(signal: string, feature: FeatureDrift, metric: MetricResult): MonitorFinding {
  const { value, threshold, breached, effect_size, reason } = metric
  const p_value = metric.p_adjusted ?? metric.p_value
  return {
    ...{ signal, feature: feature.feature, metric: metric.metric, value, breached },
    ...(threshold === undefined ? {} : { threshold }),
    ...(p_value === undefined ? {} : { p_value }),
    ...(effect_size === undefined ? {} : { effect_size }),
    ...(reason === undefined ? {} : { note: reason }),
    ...(breached && feature.slice !== undefined ? { slice: feature.slice } : {}),
    ...(breached && feature.rows !== undefined && feature.rows.length > 0 ? { rows: feature.rows } : {}),
  }
}

/** The breached first, and among them the furthest beyond their thresholds. */
export function worstFirst(findings: readonly MonitorFinding[]): MonitorFinding[] {
  const beyond = ({ value, threshold }: MonitorFinding): number =>
    value === null || threshold === undefined ? 0 : Math.abs(value - threshold) / Math.max(Math.abs(threshold), 1e-9)
  return [...findings].sort((a, b) => Number(b.breached) - Number(a.breached) || beyond(b) - beyond(a))
}
