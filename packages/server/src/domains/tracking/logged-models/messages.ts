import { doubleOut, listOut, optionalOut } from '../wire/response.ts'
import type { LoggedModelData, LoggedModelRow } from './reads.ts'

/** A logged model as MLflow's proto has it. */
export const loggedModelOut = (row: LoggedModelRow, { params, tags, metrics }: LoggedModelData) => ({
  info: {
    model_id: row.model_id,
    experiment_id: String(row.experiment_id),
    name: row.name,
    creation_timestamp_ms: row.creation_timestamp,
    last_updated_timestamp_ms: row.last_updated_timestamp,
    artifact_uri: row.artifact_uri,
    status: `LOGGED_MODEL_${row.status}`,
    status_message: optionalOut(row.status_message),
    model_type: optionalOut(row.model_type),
    source_run_id: optionalOut(row.source_run_id),
    tags: listOut(tags.map(({ key, value }) => ({ key, value }))),
  },
  data: {
    params: listOut(params.map(({ key, value }) => ({ key, value }))),
    metrics: listOut(
      metrics.map(metric => ({
        key: metric.key,
        value: doubleOut(metric.value ?? Number.NaN),
        timestamp: metric.timestamp,
        step: metric.step,
        dataset_name: metric.dataset_name || undefined,
        dataset_digest: metric.dataset_digest || undefined,
        model_id: metric.model_id,
        run_id: metric.run_id,
      })),
    ),
  },
})
