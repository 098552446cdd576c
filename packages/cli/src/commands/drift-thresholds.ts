import {
  categoricalDriftMetrics,
  type DriftMetricName,
  type DriftThresholds,
  dataQualityMetrics,
  didYouMean,
  driftMetricAliases,
  driftMetricNames,
  driftThresholds,
  numericDriftMetrics,
  tableMetrics,
  textDriftMetrics,
} from '@hagane/contract'
import { UsageError } from '../grammar/usage-error.ts'

const groups = {
  numerical: numericDriftMetrics,
  categorical: categoricalDriftMetrics,
  text: textDriftMetrics,
  data_quality: dataQualityMetrics,
  table: tableMetrics,
} as const

/** Reads `metric=0.2` for all features that have the metric, and `feature:metric=0.2` for one. Throws for what is neither. */
export function thresholdsFrom(words: readonly string[], correction: string | undefined): DriftThresholds {
  const found: Record<string, Record<string, unknown>> = {}
  const features: Record<string, Partial<Record<DriftMetricName, number>>> = {}
  for (const word of words) {
    const { feature, metric, value } = readWord(word)
    if (feature !== undefined) {
      features[feature] = { ...features[feature], [metric]: value }
      continue
    }
    for (const [group, names] of Object.entries(groups))
      if ((names as readonly string[]).includes(metric)) found[group] = { ...found[group], [metric]: value }
  }
  return driftThresholds.parse({
    ...found,
    ...(Object.keys(features).length === 0 ? {} : { features }),
    ...(correction === undefined ? {} : { correction }),
  })
}

function readWord(word: string): { feature?: string; metric: DriftMetricName; value: number } {
  const [, feature, name = '', text = ''] = /^(?:(.*):)?([^:=]+)=(.*)$/s.exec(word) ?? []
  const metric = driftMetricNames.find(known => known === (driftMetricAliases[name] ?? name))
  const value = Number(text)
  if (metric === undefined)
    throw new UsageError(
      `--threshold '${word}': no metric '${name}'${didYouMean(name, driftMetricNames)}`,
      `allowed: ${driftMetricNames.join(', ')}`,
    )
  if (text.trim() === '' || !Number.isFinite(value))
    throw new UsageError(`--threshold '${word}': '${text}' is no number`, `write ${name}=0.1`)
  return { ...(feature === undefined ? {} : { feature }), metric, value }
}
