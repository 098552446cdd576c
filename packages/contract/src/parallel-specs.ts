import { z } from 'zod'
import { componentCommon, nodeCommon } from './command-specs.ts'
import { environmentRef, reuseSpec } from './job-inputs.ts'

const intOrText = z.union([z.number().int(), z.string()])

/**
 * The script that is given the mini-batches: `init()` once for each worker, `run(mini_batch)` for each mini-batch; or an
 * MLflow model that predicts them.
 */
export const parallelTask = z
  .strictObject({
    type: z.enum(['run_function', 'function', 'model']).default('run_function'),
    code: z.string().optional(),
    entry_script: z.string().min(1).optional().describe('path below code'),
    program_arguments: z.string().optional(),
    model: z.string().min(1).optional().describe('of a task of type model: azureml:<name>:<version> or a folder'),
    environment: environmentRef.optional(),
    append_row_to: z.string().optional().describe('${{outputs.<name>}}'),
  })
  .refine(
    task => (task.type === 'model' ? task.model : task.entry_script) !== undefined,
    'a task has an entry_script, and one of type model has a model',
  )
export type ParallelTask = z.output<typeof parallelTask>

/** How the input of a parallel step is cut and given to workers. */
const parallelBody = {
  input_data: z.string().optional().describe('the input to cut, ${{inputs.<name>}}'),
  mini_batch_size: intOrText.optional().describe('files, or bytes of a table such as 10kb'),
  partition_keys: z.union([z.array(z.string()), z.string()]).optional(),
  mini_batch_error_threshold: intOrText
    .optional()
    .describe('failed mini-batches before the step fails; -1 ignores them'),
  error_threshold: intOrText.optional().describe('failed items before the step fails; -1 ignores them'),
  max_concurrency_per_instance: intOrText.optional().describe('worker processes for each instance'),
  logging_level: z.string().optional().describe('DEBUG, INFO or WARNING'),
  retry_settings: z
    .strictObject({
      max_retries: intOrText.optional(),
      timeout: intOrText.optional().describe('seconds for one call of run()'),
    })
    .optional(),
  resources: nodeCommon.resources,
  environment_variables: nodeCommon.environment_variables,
}

export const parallelComponentSpec = z
  .strictObject({ ...componentCommon, ...parallelBody, type: z.literal('parallel'), task: parallelTask })
  .meta({ id: 'ParallelComponentSpec' })
export type ParallelComponentSpec = z.output<typeof parallelComponentSpec>

/** A parallel step of a pipeline: a task written here, or a parallel component by reference or inline. */
export const parallelNode = z
  .strictObject({
    ...nodeCommon,
    ...parallelBody,
    type: z.literal('parallel'),
    is_deterministic: z.boolean().optional(),
    reuse: reuseSpec.optional(),
    task: parallelTask.optional(),
    component: z.union([z.string(), parallelComponentSpec]).optional(),
  })
  .refine(
    node => (node.task === undefined) !== (node.component === undefined),
    'a parallel node has either a task or a component',
  )
  .meta({ id: 'ParallelNode' })
export type ParallelNode = z.output<typeof parallelNode>
