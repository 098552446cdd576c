import type { LatestMetric } from '../metrics/latest.ts'
import { doubleOut, listOut, optionalOut } from '../wire/response.ts'
import type { RunData, RunRow } from './reads.ts'

/** RunInfo of MLflow's proto; `run_uuid` is for clients before MLflow 1 and for R. */
export const runInfoOut = (row: RunRow) => ({
  run_id: row.run_id,
  run_uuid: row.run_id,
  run_name: row.run_name,
  experiment_id: String(row.experiment_id),
  user_id: row.user_id,
  status: row.status,
  start_time: row.start_time,
  end_time: optionalOut(row.end_time),
  artifact_uri: row.artifact_uri,
  lifecycle_stage: row.lifecycle_stage,
})

const byKey = (a: { key: string }, b: { key: string }): number => (a.key < b.key ? -1 : 1)

const metricOut = ({ key, value, timestamp, step }: LatestMetric) => ({
  key,
  value: doubleOut(value ?? Number.NaN),
  timestamp,
  step,
})

/** A run with its data. A search leaves the models that a run read out, as MLflow does. */
export const runOut = (row: RunRow, data: RunData, withModelInputs = true) => ({
  info: runInfoOut(row),
  data: {
    metrics: listOut(data.metrics.sort(byKey).map(metricOut)),
    params: listOut(data.params.map(({ key, value }) => ({ key, value }))),
    tags: listOut(data.tags.map(({ key, value }) => ({ key, value }))),
  },
  inputs: {
    dataset_inputs: listOut(
      data.datasets.map(({ tags, ...dataset }) => ({
        tags: listOut(tags),
        dataset: { ...dataset, schema: optionalOut(dataset.schema), profile: optionalOut(dataset.profile) },
      })),
    ),
    model_inputs: withModelInputs ? listOut(data.modelInputs.map(({ model_id }) => ({ model_id }))) : undefined,
  },
  outputs: { model_outputs: listOut(data.modelOutputs) },
})
