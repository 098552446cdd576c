import { z } from 'zod'
import { nameSchema } from './core/names.ts'
import { route } from './core/route.ts'
import { cell } from './data-profiles.ts'
import { endpointName } from './endpoint-specs.ts'

const params = z.object({ name: endpointName })
const moment = z.iso.datetime({ offset: true })
const period = {
  since: moment.optional().describe('predictions asked for at or after this time; 24 hours ago without it'),
  until: moment.optional().describe('predictions asked for before this time'),
}

export const predictionRows = z
  .object({
    columns: z.array(z.object({ name: z.string(), type: z.string() })),
    rows: z.array(z.array(cell)),
    truncated: z.boolean().describe('there are more rows than were asked for'),
  })
  .meta({ id: 'PredictionRows' })
export type PredictionRows = z.output<typeof predictionRows>

const count = z.number().int()
export const columnComparison = z.object({
  path: z.string().describe('place in the output, like .probability[1]; empty when the output is one value'),
  compared: count,
  agreed: count,
  numeric: z
    .object({
      count,
      mean_difference: z.number().describe('shadow minus live'),
      mean_absolute: z.number(),
      max: z.number(),
      p50: z.number(),
      p90: z.number(),
      p99: z.number(),
    })
    .optional()
    .describe('of the absolute differences, where both answered numbers'),
  changes: z
    .array(z.object({ live: z.unknown(), shadow: z.unknown(), count }))
    .describe('which value became which, most frequent first; for labels'),
})
export type ColumnComparison = z.output<typeof columnComparison>

export const differingRow = z.object({
  live_id: z.string(),
  shadow_id: z.string(),
  time: z.string(),
  live: z.unknown(),
  shadow: z.unknown(),
  difference: z.number().optional().describe('the largest of the row'),
  inputs: z.record(z.string(), z.unknown()).optional().describe('where model_inputs are collected'),
})
export type DifferingRow = z.output<typeof differingRow>

export const shadowComparison = z
  .object({
    endpoint: z.string(),
    live: z.string(),
    shadow: z.string(),
    since: z.string(),
    until: z.string().optional(),
    tolerance: z.number(),
    mirrored: count.describe('rows that live predicted and whose request was copied to the shadow'),
    compared: count.describe('rows that both answered'),
    agreed: count,
    agreement: z.number().optional().describe('agreed of compared; absent when nothing could be compared'),
    different: count,
    other_shape: count.describe('among the different: other keys, lengths or kinds of values'),
    only_live: count.describe('rows that the answer of the shadow does not have'),
    only_shadow: count.describe('rows that the answer of live does not have'),
    live_failed: count,
    shadow_failed: count,
    unanswered: count.describe('copies that the shadow refused or has not answered'),
    columns: z.array(columnComparison),
    worst: z.array(differingRow).describe('labels and shapes first, then by size of the difference'),
  })
  .meta({ id: 'ShadowComparison' })
export type ShadowComparison = z.output<typeof shadowComparison>

export const collectedFile = z.object({
  deployment: z.string().optional(),
  collection: z.string(),
  hour: z.string().describe('hour of the requests, 2026-11-23T22, in UTC'),
  path: z.string().describe('azureml://datastores/… as jobs read it'),
  rows: count,
  size: count.describe('bytes'),
  digest: z.string().describe('SHA-256 of the file, as the event says it'),
})
export type CollectedFile = z.output<typeof collectedFile>

const base = '/api/v1/online-endpoints/:name'
export const collectionRoutes = {
  predictions: route({
    operationId: 'predictions.query',
    method: 'POST',
    path: `${base}/predictions`,
    permission: 'endpoint.read',
    summary: 'Predictions of a time with inputs, outputs and labels, or the answer of a SELECT over them',
    params,
    body: z.strictObject({
      ...period,
      deployments: z.array(nameSchema).max(100).optional(),
      prediction: z.string().max(100).optional().describe('id of a prediction or a row'),
      sql: z.string().min(1).max(100_000).optional().describe('one SELECT over the tables predictions and feedback'),
      limit: z.number().int().min(1).max(100_000).default(100),
    }),
    response: predictionRows,
  }),
  exportPredictions: route({
    operationId: 'predictions.export',
    method: 'POST',
    path: `${base}/predictions/export`,
    permission: 'endpoint.read',
    summary: 'The same as a file, without a limit of rows',
    params,
    body: z.strictObject({
      ...period,
      deployments: z.array(nameSchema).max(100).optional(),
      sql: z.string().min(1).max(100_000).optional(),
      format: z.enum(['csv', 'parquet', 'json']).describe('json: one object a line'),
    }),
    response: 'stream',
  }),
  comparison: route({
    operationId: 'online_endpoints.compare',
    method: 'GET',
    path: `${base}/comparison`,
    permission: 'endpoint.read',
    summary: 'Compares what a shadow predicted with what was answered, row by row',
    params,
    query: z.object({
      ...period,
      live: nameSchema,
      shadow: nameSchema,
      tolerance: z.coerce.number().min(0).default(0).describe('numbers that differ by at most this agree'),
      worst: z.coerce.number().int().min(0).max(10_000).default(20).describe('differing rows to show'),
    }),
    response: shadowComparison,
  }),
  feedback: route({
    operationId: 'online_endpoints.feedback',
    method: 'POST',
    path: `${base}/feedback`,
    permission: 'endpoint.invoke',
    summary: 'What turned out to be true of predictions; sent again it changes nothing, a later word wins',
    params,
    body: z.strictObject({
      data: z.string().min(1).describe('reference to a table: an uploaded tree, a data asset, a datastore path'),
      key: z.string().min(1).max(200).optional().describe('column with ids of rows, predictions or correlations'),
    }),
    response: z.object({
      rows: count,
      digest: z.string(),
      known: z.boolean().describe('this was the last word already'),
    }),
  }),
  collected: route({
    operationId: 'online_endpoints.collected',
    method: 'GET',
    path: `${base}/collected`,
    permission: 'endpoint.read',
    summary: 'The Parquet files of what was collected, by hour',
    params,
    query: z.object({ collection: z.string().max(100).optional(), deployment: nameSchema.optional() }),
    response: z.object({ items: z.array(collectedFile) }),
  }),
}
