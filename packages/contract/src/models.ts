import { z } from 'zod'
import { assetFields, assetRoutes, assetSpecFields } from './assets.ts'
import { nameSchema } from './core/names.ts'

export const modelTypes = ['custom_model', 'mlflow_model', 'triton_model'] as const

const modelFields = {
  type: z.enum(modelTypes).default('custom_model'),
  path: z
    .string()
    .min(1)
    .describe(
      'hagane://trees/…, azureml://jobs/<job>/outputs/<output>/paths/…, azureml://datastores/…, runs:/<id>/<path>',
    ),
  stage: z.string().max(255).optional().describe('where the version stands, e.g. Development, Production'),
  flavors: z.record(z.string(), z.looseObject({})).optional().describe('MLflow flavors by name'),
  job_name: nameSchema.optional().describe('the job that made the model'),
  run_id: z.string().min(1).max(255).optional().describe('the MLflow run that made the model'),
}

/** Azure ML model YAML. A folder or file of weights; `mlflow_model` holds an MLmodel file, `triton_model` a model repository. */
export const modelSpec = z
  .strictObject({ ...assetSpecFields, ...modelFields, name: assetSpecFields.name.unwrap() })
  .meta({ id: 'ModelSpec' })
export type ModelSpec = z.output<typeof modelSpec>

export const modelAsset = z
  .object({
    ...assetFields,
    ...modelFields,
    type: z.enum(modelTypes),
    path: z.string(),
    size: z.number().int().optional().describe('bytes'),
    file_count: z.number().int().optional(),
  })
  .meta({ id: 'Model' })
export type ModelAsset = z.output<typeof modelAsset>

export const modelRoutes = assetRoutes(
  { plural: 'models', singular: 'model', read: 'model.read', write: 'model.write' },
  modelSpec,
  modelAsset,
)
