import type { SignalOf, SignalResult } from '@hagane/contract'
import type { PlannedSignal } from '../plan.ts'
import type { Bench } from './bench.ts'
import { notJudged, windowOf } from './case.ts'
import { type Importances, importancesOf } from './importances.ts'
import { productionIn, productionOf } from './production.ts'
import { referenceOf } from './reference.ts'

type Attribution = SignalOf<'feature_attribution_drift'>

/** Below it the order of importance has changed; as Azure ML's examples set it. */
const THRESHOLD = 0.9
const METRIC = 'normalized_discounted_cumulative_gain'

/** Judges whether the features that decide are still those of training, by the order of their importances. */
export async function judgeAttribution(bench: Bench, planned: PlannedSignal<Attribution>): Promise<SignalResult> {
  const { name, signal } = planned
  const production = await productionIn(bench, planned, 'rows')
  if ('status' in production) return production
  const at = { window: windowOf(production.window), rows: production.rows }
  const inputs = production.inputs.map(({ column }) => column)
  const said = productionOf(signal)?.data_column_names?.prediction
  const prediction = production.outputs.find(({ name: output }) => said === undefined || output === said)?.column
  if (inputs.length === 0 || prediction === undefined)
    return notJudged(planned, 'both model_inputs and what is predicted have to be collected', at)
  const reference = await referenceOf(bench, {
    data: signal.reference_data,
    production: production.window,
    columns: inputs,
    signal: planned,
  })
  if (reference?.kind === 'past' || reference === undefined)
    return notJudged(planned, 'what the model was trained on is not known: say reference_data.input_data', at)
  const found = await importancesOf(bench, reference, inputs)
  if (found === undefined)
    return notJudged(
      planned,
      'say reference_data.data_column_names.target_column, what the model learned to predict; or explain the model (hagane model explain)',
      at,
    )
  const { importances: before, by } = found
  const features = inputs.filter(feature => feature !== reference.target && Object.hasOwn(before, feature))
  const asked = { kind: 'importances' as const, source: await production.source(), target: prediction, features }
  const { importances: now } = await bench.ask(asked)
  const value = ndcg(before, now)
  const threshold = signal.metric_thresholds?.normalized_discounted_cumulative_gain ?? THRESHOLD
  const breached = value !== undefined && value < threshold
  return {
    ...{
      signal: name,
      type: signal.type,
      ...at,
      reference: reference.name,
      notes: [...production.notes, ...(by === undefined ? [] : [`importances of training are those of ${by}`])],
    },
    status: breached ? 'breached' : 'healthy',
    findings: [
      { signal: name, metric: METRIC, value: value ?? null, threshold, breached },
      ...features.map(feature => importanceOf(name, feature, before, now)),
    ],
  }
}

const importanceOf = (signal: string, feature: string, before: Importances, now: Importances) => ({
  ...{ signal, feature, metric: 'feature_importance', value: now[feature] ?? 0, breached: false },
  note: `${Number((before[feature] ?? 0).toPrecision(3))} in training`,
})

/**
 * Normalised discounted cumulative gain of the order of production, with the importances of training as relevance: 1 when the order
 * is the same (K. Järvelin and J. Kekäläinen, 2002; as scikit-learn's ndcg_score, which Azure ML uses, and with the same mean over
 * features that are equally important now). Undefined where training had no importances.
 */
export function ndcg(before: Importances, now: Importances): number | undefined {
  const features = Object.keys(before)
  const gain = (order: readonly number[]): number =>
    order.reduce((sum, relevance, rank) => sum + relevance / Math.log2(rank + 2), 0)
  const ideal = gain(features.map(feature => before[feature] ?? 0).sort((a, b) => b - a))
  if (ideal === 0) return undefined
  const tied = Map.groupBy(features, feature => now[feature] ?? 0)
  const order = [...tied]
    .sort(([a], [b]) => b - a)
    .flatMap(([, same]) => {
      const mean = same.reduce((sum, feature) => sum + (before[feature] ?? 0), 0) / same.length
      return same.map(() => mean)
    })
  return gain(order) / ideal
}
