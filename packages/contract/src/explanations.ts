import { z } from 'zod'
import { digestSchema } from './core/names.ts'
import { route } from './core/route.ts'
import { jobResource } from './jobs.ts'

const modelVersion = z
  .string()
  .max(600)
  .regex(/^(?:azureml:)?[^:@/]+:[^:@/]+$/, '<name>:<version>')
  .transform(text => text.replace(/^azureml:/, ''))

export const explanationRequest = z
  .strictObject({
    model: modelVersion.optional(),
    prediction: z.string().max(200).optional().describe('explain this one, with the model that made it'),
    data: z
      .string()
      .max(1000)
      .optional()
      .describe('rows to explain: azureml:<name>:<version>; default: training data by lineage'),
    target: z.string().max(300).optional().describe('column that is no feature, where the model has no signature'),
    rows: z.number().int().min(1).max(100_000).default(1000).describe('how many rows at most, drawn with a fixed seed'),
  })
  .refine(one => (one.model === undefined) !== (one.prediction === undefined), 'either model or prediction')
export type ExplanationRequest = z.output<typeof explanationRequest>

export const explanation = z
  .object({
    model: z.string(),
    prediction: z.string().optional(),
    job: z.string(),
    status: z.string().describe('of the job'),
    method: z.enum(['shap', 'permutation']).optional(),
    rows: z.number().int().optional(),
    features: z
      .array(z.object({ name: z.string(), importance: z.number().nullable() }))
      .optional()
      .describe('largest first'),
    values: z.array(z.record(z.string(), z.unknown())).optional().describe('of the rows, at most 100 here'),
    report: z
      .array(z.object({ path: z.string(), digest: digestSchema, size: z.number().int() }))
      .optional()
      .describe('importance.json, values.jsonl and report.html'),
  })
  .meta({ id: 'Explanation' })
export type Explanation = z.output<typeof explanation>

export const explanationRoutes = {
  create: route({
    operationId: 'explanations.create',
    method: 'POST',
    path: '/api/v1/explanations',
    permission: 'job.write',
    summary: 'Explain a model version or one prediction by a job in the environment of the model',
    body: explanationRequest,
    response: jobResource,
    status: 201,
    idempotent: true,
  }),
  show: route({
    operationId: 'explanations.show',
    method: 'GET',
    path: '/api/v1/explanations',
    permission: 'model.read',
    summary: 'The last explanation of a model version, or of a prediction',
    query: z.object({ model: modelVersion.optional(), prediction: z.string().max(200).optional() }),
    response: explanation,
  }),
}
