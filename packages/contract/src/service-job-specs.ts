import { z } from 'zod'
import { tagsSchema } from './core/names.ts'
import { jobInput, jobOutput, resourcesSpec } from './job-inputs.ts'

/**
 * Jobs of services that Azure ML has and Hagane has not. They are described so that mistakes in them are found; then they are
 * refused. Maps that differ by model or task are open.
 */
const common = {
  $schema: z.string().optional(),
  name: z.string().optional(),
  display_name: z.string().optional(),
  experiment_name: z.string().optional(),
  description: z.string().optional(),
  tags: tagsSchema.optional(),
  properties: tagsSchema.optional(),
  compute: z.string().optional(),
  identity: z.looseObject({}).optional(),
  queue_settings: z.looseObject({}).optional(),
  outputs: z.record(z.string(), jobOutput).nullish(),
  resources: z.union([resourcesSpec, z.string()]).optional(),
}

const open = z.looseObject({})
const whole = z.number().int().positive()
const data = z.union([z.string(), jobInput])

const searchValue = z.looseObject({ type: z.string() })
const automlTasks = [
  ...(['classification', 'regression', 'forecasting'] as const),
  ...(['image_classification', 'image_classification_multilabel'] as const),
  ...(['image_object_detection', 'image_instance_segmentation'] as const),
  ...(['text_classification', 'text_classification_multilabel', 'text_ner'] as const),
] as const

export const automlJobSpec = z.strictObject({
  ...common,
  type: z.literal('automl'),
  task: z.enum(automlTasks),
  primary_metric: z.string().optional(),
  target_column_name: z.string().optional(),
  training_data: data,
  validation_data: data.optional(),
  validation_data_size: z.number().optional(),
  test_data: data.optional(),
  test_data_size: z.number().optional(),
  cv_split_column_names: z.array(z.string()).optional(),
  weight_column_name: z.string().optional(),
  n_cross_validations: z.union([z.number().int(), z.literal('auto')]).optional(),
  log_verbosity: z.enum(['not_set', 'debug', 'info', 'warning', 'error', 'critical']).optional(),
  limits: z
    .strictObject({
      timeout_minutes: whole.optional(),
      trial_timeout_minutes: whole.optional(),
      max_trials: whole.optional(),
      max_concurrent_trials: whole.optional(),
      max_cores_per_trial: z.number().int().optional(),
      max_nodes: whole.optional(),
      enable_early_termination: z.boolean().optional(),
      exit_score: z.number().optional(),
    })
    .optional(),
  featurization: open.optional(),
  forecasting: open.optional(),
  training: open.optional(),
  training_parameters: open.optional(),
  sweep: z.looseObject({ sampling_algorithm: z.enum(['random', 'grid', 'bayesian']).optional() }).optional(),
  search_space: z.array(z.record(z.string(), z.union([searchValue, z.string(), z.number(), z.boolean()]))).optional(),
})

export const finetuningJobSpec = z.strictObject({
  ...common,
  type: z.union([z.literal('finetuning'), z.literal('finetuning_job')]),
  task: z.string(),
  model_provider: z.string().optional(),
  model: data,
  training_data: data,
  validation_data: data.optional(),
  hyperparameters: open.optional(),
})

export const distillationJobSpec = z.strictObject({
  ...common,
  type: z.literal('distillation'),
  data_generation_type: z.enum(['label_generation', 'data_generation']),
  data_generation_task_type: z.string(),
  teacher_model_endpoint_connection: z.looseObject({ type: z.string(), endpoint: z.string() }),
  teacher_model_settings: open.optional(),
  student_model: z.string(),
  prompt_settings: open.optional(),
  training_data: data,
  validation_data: data.optional(),
  hyperparameters: open.optional(),
})

/** `type: import`, and data transfer steps: from a database or a file system behind a connection. */
export const importJobSpec = z.strictObject({
  ...common,
  type: z.enum(['import', 'data_transfer']),
  task: z.enum(['import_data', 'copy_data', 'export_data']).optional(),
  component: z.unknown().optional(),
  inputs: z.record(z.string(), jobInput).nullish(),
  source: z.looseObject({ type: z.string(), connection: z.string() }).optional(),
  sink: z.looseObject({ type: z.string(), connection: z.string() }).optional(),
  data_copy_mode: z.string().optional(),
})
