import type { MonitorFinding, PerformanceReport, SignalOf, SignalResult } from '@hagane/contract'
import { type PlannedSignal, performanceThresholdsOf } from '../plan.ts'
import type { Bench } from './bench.ts'
import { notJudged, windowOf } from './case.ts'
import { worstFirst } from './drift.ts'
import { labelOf, modelColumns, SCORE_NAMES } from './model-columns.ts'
import { type Production, productionIn, productionOf } from './production.ts'

type Performance = SignalOf<'model_performance'>

/**
 * Judges how good predictions were, by the labels that came in the window, however old their predictions are: each label counts once, in
 * the window in which it was said, and so the late ones count too.
 */
export async function judgePerformance(bench: Bench, planned: PlannedSignal<Performance>): Promise<SignalResult> {
  const { name, signal } = planned
  const production = await productionIn(bench, planned, 'labelled')
  if ('status' in production) return production
  const at = { window: windowOf(production.window), rows: production.rows }
  const columns = modelColumns(bench.about, productionOf(signal), production)
  if (columns.prediction === undefined && columns.score === undefined)
    return notJudged(planned, 'what was predicted is not collected: enable model_outputs in data_collector', at)
  const report = await bench.ask({
    kind: 'performance',
    source: await production.source(),
    ...columns,
    target: labelOf(signal.reference_data ?? productionOf(signal), production),
    ...(signal.slices === undefined ? {} : { slices: signal.slices }),
  })
  const thresholds = performanceThresholdsOf(signal, columns.task)
  const findings = worstFirst(scoresOf(name, report, thresholds))
  return {
    ...{ signal: name, type: signal.type, ...at, notes: notesOf(report, production) },
    status: findings.some(finding => finding.breached) ? 'breached' : 'healthy',
    reference: 'labels of feedback',
    reference_rows: report.labelled,
    findings,
  }
}

function scoresOf(
  signal: string,
  { metrics, slices }: PerformanceReport,
  thresholds: Readonly<Record<string, number>>,
): MonitorFinding[] {
  return [
    ...metrics.map(metric => scoreFinding(signal, metric, thresholds)),
    ...slices.flatMap(({ column, value, metrics: ofSlice }) =>
      ofSlice.map(metric => ({ ...scoreFinding(signal, metric, thresholds), segment: `${column} = ${value}` })),
    ),
  ]
}

/** Scores that are better when they are smaller. */
const LOSSES: readonly string[] = ['log_loss', 'mean_absolute_error', 'mean_squared_error', 'root_mean_squared_error']

export function scoreFinding(
  signal: string,
  { metric: given, value, reason }: { metric: string; value: number | null; reason?: string | undefined },
  thresholds: Readonly<Record<string, number>>,
): MonitorFinding {
  const metric = SCORE_NAMES[given] ?? given
  const threshold = thresholds[metric]
  const beyond = (limit: number, score: number) => (LOSSES.includes(metric) ? score > limit : score < limit)
  return {
    ...{ signal, metric, value },
    ...(threshold === undefined ? {} : { threshold }),
    ...(reason === undefined ? {} : { note: reason }),
    breached: threshold !== undefined && value !== null && beyond(threshold, value),
  }
}

const notesOf = ({ rows, labelled }: PerformanceReport, { unknownFeedback, notes }: Production): string[] => [
  ...notes,
  ...(labelled === rows ? [] : [`${rows - labelled} of ${rows} rows have no such label`]),
  ...(unknownFeedback === 0 ? [] : [`${unknownFeedback} labels name predictions that are not known here`]),
]
