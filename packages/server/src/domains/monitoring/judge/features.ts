import type { MonitoredFeatures } from '@hagane/contract'
import type { Bench } from './bench.ts'
import { importancesOf } from './importances.ts'
import type { Production } from './production.ts'
import type { Reference } from './reference.ts'

interface Choice {
  readonly signal: { readonly type: string; readonly features?: MonitoredFeatures | undefined }
  readonly production: Production
  readonly reference: Reference
  /** Of production. */
  readonly columns: readonly string[]
}

/** Azure ML's number of features where the reference is what the model was trained on. */
const TOP = 10

/**
 * The features that a signal looks at: those it lists, the most important ones for the model, or all. Importance is told by the
 * explanation of the model, else by the training data; without either all are taken, with a note where somebody asked for the most important.
 */
export async function chosenFeatures(
  bench: Bench,
  { signal, reference, columns }: Choice,
): Promise<{ features: readonly string[]; note?: string }> {
  const { features } = signal
  const own = columns.filter(column => column !== reference.target)
  if (Array.isArray(features)) return listed(features, own)
  const asked = typeof features === 'object' ? features.top_n_feature_importance : undefined
  if (features === 'all_features' || signal.type === 'prediction_drift') return { features: own }
  const usual = reference.kind === 'training' && own.length > TOP
  if (asked === undefined ? !usual : own.length <= asked) return { features: own }
  const most = asked ?? TOP
  const found = await importancesOf(bench, reference, own)
  if (found === undefined) return { features: own, ...(asked === undefined ? {} : { note: allJudged(most) }) }
  const { importances, by } = found
  const ranked = [...own].sort((a, b) => (importances[b] ?? 0) - (importances[a] ?? 0))
  const told = by === undefined ? '' : ` (as ${by} explains the model)`
  return {
    features: ranked.slice(0, most),
    note: `the ${most} most important of ${own.length} features are judged${told}`,
  }
}

const allJudged = (most: number): string =>
  `all features are judged: to tell the ${most} most important, say reference_data.data_column_names.target_column, or explain the model (hagane model explain)`

function listed(features: readonly string[], own: readonly string[]): { features: readonly string[]; note?: string } {
  const missing = features.filter(feature => !own.includes(feature))
  const found = features.filter(feature => own.includes(feature))
  return missing.length === 0
    ? { features: found }
    : { features: found, note: `production does not have: ${missing.join(', ')}` }
}
