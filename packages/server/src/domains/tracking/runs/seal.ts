import { createHash } from 'node:crypto'
import { canonicalJson } from '../../../kernel/canonical-json.ts'
import type { RunData } from './reads.ts'

/** What a run held at its end, in one digest; the event that carries it makes the run provable. */
export interface Seal {
  /** SHA-256 of the canonical JSON (RFC 8785) of run id, params, tags, latest metrics and the number of points. */
  digest: string
  params: number
  tags: number
  metrics: number
  metric_points: number
}

/** Seals a run. NaN is the text "NaN"; data sets are named by digest, models by id. */
export function sealOf(runId: string, data: RunData, metricPoints: number): Seal {
  const pairs = (items: readonly { key: string; value: string }[]) =>
    Object.fromEntries(items.map(({ key, value }) => [key, value]))
  const content = {
    run_id: runId,
    params: pairs(data.params),
    tags: pairs(data.tags),
    metrics: Object.fromEntries(
      data.metrics.map(({ key, value, step, timestamp }) => [key, [value ?? 'NaN', step, timestamp]]),
    ),
    metric_points: metricPoints,
    datasets: data.datasets.map(({ name, digest }) => [name, digest]),
    model_inputs: data.modelInputs.map(edge => edge.model_id).sort(),
    model_outputs: data.modelOutputs.map(edge => edge.model_id).sort(),
  }
  return {
    digest: createHash('sha256').update(canonicalJson(content)).digest('hex'),
    params: data.params.length,
    tags: data.tags.length,
    metrics: data.metrics.length,
    metric_points: metricPoints,
  }
}
