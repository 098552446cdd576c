import type { MonitorFinding, MultivariateReport, SignalOf, SignalResult } from '@hagane/contract'
import { ROW_ID } from '@hagane/tabular'
import type { PlannedSignal } from '../plan.ts'
import type { Bench } from './bench.ts'
import { notJudged, windowOf } from './case.ts'
import { nothingBefore, worstFirst } from './drift.ts'
import { chosenFeatures } from './features.ts'
import { productionIn } from './production.ts'
import { referenceOf } from './reference.ts'

type Multivariate = SignalOf<'multivariate_drift'>

const ROWS = 5

/** Judges whether rows as a whole look different, where no single feature does. */
export async function judgeMultivariate(bench: Bench, planned: PlannedSignal<Multivariate>): Promise<SignalResult> {
  const { name, signal } = planned
  const production = await productionIn(bench, planned, 'rows')
  if ('status' in production) return production
  const at = { window: windowOf(production.window), rows: production.rows }
  const columns = production.inputs.map(({ column }) => column)
  if (columns.length === 0)
    return notJudged(planned, 'no inputs are collected: enable model_inputs in data_collector', at)
  const reference = await referenceOf(bench, {
    data: signal.reference_data,
    production: production.window,
    columns,
    signal: planned,
  })
  if (reference === undefined) return notJudged(planned, nothingBefore('inputs'), at)
  const { features, note } = await chosenFeatures(bench, { signal, production, reference, columns })
  const has = new Set(reference.profile.columns.map(column => column.name))
  const report = await bench.ask({
    kind: 'multivariate',
    reference: await reference.source(),
    current: await production.source(),
    features: features.filter(feature => has.has(feature)),
    ...(production.collected ? { id: ROW_ID } : {}),
    rows: ROWS,
  })
  const findings = findingsOf(planned, report)
  return {
    ...{ signal: name, type: signal.type, ...at, notes: [...production.notes, ...(note === undefined ? [] : [note])] },
    status: findings.some(one => one.breached) ? 'breached' : 'healthy',
    reference: reference.name,
    reference_rows: report.rows.reference,
    findings: worstFirst(findings),
  }
}

function findingsOf({ name, signal }: PlannedSignal<Multivariate>, report: MultivariateReport): MonitorFinding[] {
  const { reconstruction, domain_classifier: classifier, extreme_rows: rows } = report
  const limits = signal.metric_thresholds ?? {}
  const error = finding(
    name,
    'reconstruction_error',
    reconstruction.current_error,
    limits.reconstruction_error,
    reconstruction,
  )
  const auc = finding(name, 'domain_classifier_auc', classifier.auc, limits.domain_classifier_auc, classifier)
  return [
    { ...error, ...(error.breached && rows !== undefined ? { rows } : {}) },
    {
      ...auc,
      ...(auc.breached
        ? {
            note: `told apart by ${classifier.importance
              .slice(0, 3)
              .map(one => one.feature)
              .join(', ')}`,
          }
        : {}),
      ...(classifier.p_value === undefined ? {} : { p_value: classifier.p_value }),
    },
  ]
}

/** With the threshold of the signal, else with the verdict of the statistics. */
function finding(
  signal: string,
  metric: string,
  value: number | null,
  said: number | undefined,
  usual: { high?: number | undefined; threshold?: number | undefined; breached: boolean },
): MonitorFinding {
  const threshold = said ?? usual.threshold ?? usual.high
  return {
    ...{ signal, metric, value },
    ...(threshold === undefined ? {} : { threshold }),
    breached: said === undefined ? usual.breached : value !== null && value > said,
  }
}
