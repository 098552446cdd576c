import { z } from 'zod'
import { timeSchema } from './core/names.ts'
import { route } from './core/route.ts'

export const lineageKinds = [
  'data',
  'code',
  'commit',
  'environment',
  'parameters',
  'job',
  'model',
  'deployment',
  'endpoint',
  'prediction',
  'component',
  'schedule',
  'person',
] as const
export const lineageNode = z
  .object({
    id: z.string().describe('<kind>:<name>, e.g. model:flights:3'),
    kind: z.enum(lineageKinds),
    name: z.string(),
    facts: z.record(z.string(), z.unknown()),
    depth: z.number().int(),
  })
  .meta({ id: 'LineageNode' })
export type LineageNode = z.output<typeof lineageNode>
export const lineageEdge = z
  .object({
    from: z.string(),
    to: z.string(),
    relation: z.string().describe('reads as "<from> <relation> <to>"'),
    actor: z.string(),
    time: timeSchema,
    event: z.number().int().describe('sequence number of the event that says so'),
  })
  .meta({ id: 'LineageEdge' })
export type LineageEdge = z.output<typeof lineageEdge>
export const lineageGraph = z
  .object({ root: z.string(), nodes: z.array(lineageNode), edges: z.array(lineageEdge) })
  .meta({ id: 'LineageGraph' })
export type LineageGraph = z.output<typeof lineageGraph>

const recalledPredictions = z.object({
  count: z.number().int(),
  from: timeSchema.optional().describe('beginning of the first hour'),
  to: timeSchema.optional().describe('end of the last hour'),
})

export const recall = z
  .object({
    data: z.string().describe('<name>:<version>'),
    data_from_it: z.array(z.string()).describe('versions that were made from it, directly or by a job'),
    jobs: z.array(z.string()),
    models: z.array(z.string()),
    batch_jobs: z
      .array(z.string())
      .describe('those of the jobs that a batch endpoint started, with a model of these or on this data'),
    endpoints: z.array(z.string()),
    deployments: z.array(
      z.object({
        endpoint: z.string(),
        deployment: z.string(),
        revision_id: z.string(),
        model: z.string().optional(),
        predictions: recalledPredictions,
        files: z.array(
          z.object({
            segment: z.string().describe('hour, or hour and number'),
            count: z.number().int(),
            digest: z.string().optional().describe('SHA-256 of the sealed file; absent while it is written'),
          }),
        ),
      }),
    ),
    predictions: recalledPredictions,
    is_cut: z.boolean().describe('more came of it than is followed'),
  })
  .meta({ id: 'Recall' })
export type Recall = z.output<typeof recall>

const dataVersion = z
  .string()
  .max(600)
  .regex(/^(?:azureml:)?[^:@]+:[^:@]+$/, 'write <name>:<version>, e.g. flights:3')
  .transform(text => text.replace(/^azureml:/, ''))

export const lineageRoutes = {
  recall: route({
    operationId: 'lineage.recall',
    method: 'GET',
    path: '/api/v1/lineage/recall',
    permission: 'asset.read',
    summary: 'Every model, deployment, batch job and prediction that a version of data touched',
    query: z.object({ data: dataVersion }),
    response: recall,
  }),
  recallPredictions: route({
    operationId: 'lineage.recallPredictions',
    method: 'GET',
    path: '/api/v1/lineage/recall/predictions',
    permission: 'asset.read',
    summary: 'The records of these predictions as NDJSON, as long as they are kept',
    query: z.object({ data: dataVersion }),
    response: 'stream',
  }),
  show: route({
    operationId: 'lineage.show',
    method: 'GET',
    path: '/api/v1/lineage',
    permission: 'asset.read',
    summary: 'What stands behind a thing (up), what came of it (down), or both',
    query: z.object({
      of: z
        .string()
        .min(1)
        .max(800)
        .describe(
          'job:<name>, model:<name>:<version>, data:<name>:<version>, prediction:<id>, deployment:<endpoint>/<name>, commit:<sha>',
        ),
      direction: z.enum(['up', 'down', 'both']).default('up'),
      depth: z.coerce.number().int().min(1).max(50).default(20),
    }),
    response: lineageGraph,
  }),
}
