import { z } from 'zod'
import { durationSchema } from './core/duration.ts'
import { nameSchema, versionSchema } from './core/names.ts'
import { environmentSpec } from './environments.ts'

export const dataInputTypes = [
  'uri_file',
  'uri_folder',
  'mltable',
  'mlflow_model',
  'custom_model',
  'triton_model',
  'path',
] as const
export const literalTypes = ['string', 'number', 'integer', 'boolean'] as const
export const inputModes = [
  'ro_mount',
  'rw_mount',
  'download',
  'direct',
  'eval_mount',
  'eval_download',
  'mount',
] as const
export const outputModes = ['rw_mount', 'upload', 'direct', 'mount'] as const

/** Literals keep their YAML source text (`1e-3`, `1.0`); booleans render as Python does: True, False. */
export const literal = z.union([z.string(), z.number(), z.boolean()])

export const dataInput = z.strictObject({
  type: z.enum([...dataInputTypes, ...literalTypes]).optional(),
  path: z.string().optional(),
  mode: z.enum(inputModes).optional(),
  value: literal.optional(),
  default: literal.optional(),
  optional: z.boolean().optional(),
  description: z.string().optional(),
})
export const jobInput = z.union([literal, dataInput, z.null()])
export type JobInput = z.output<typeof jobInput>

export const outputSpec = z.strictObject({
  type: z.enum([...dataInputTypes, ...literalTypes]).optional(),
  path: z.string().optional(),
  mode: z.enum(outputModes).optional(),
  name: nameSchema.optional(),
  version: versionSchema.optional(),
  is_control: z
    .boolean()
    .optional()
    .describe('a boolean, number or string that the command writes to the path it is given; conditions read it'),
  description: z.string().optional(),
})
export const jobOutput = z.union([z.string(), outputSpec, z.null()])
export type JobOutput = z.output<typeof jobOutput>

const intOrExpression = z.union([z.number().int(), z.string()])
export const resourcesSpec = z.looseObject({
  instance_count: intOrExpression.optional(),
  instance_type: z.string().optional(),
  shm_size: z.string().optional(),
  cpu: z.union([z.number(), z.string()]).optional().describe('cores of each node; one when absent'),
  memory: z.string().optional().describe('memory of each node with its unit, e.g. 4Gi'),
  properties: z.looseObject({}).nullish(),
})

const named = <const T extends string>(names: readonly T[]) =>
  z.string().refine(name => (names as readonly string[]).includes(name.toLowerCase()), {
    error: `one of ${names.join(', ')} is allowed`,
  })

/** Azure's place in the queue. A job without it is of medium priority. */
export const queueSettings = z.looseObject({
  job_tier: named(['null', 'spot', 'basic', 'standard', 'premium']).nullish(),
  priority: named(['low', 'medium', 'high']).optional(),
})

/** The launcher of a distributed step. A count is a number, or an expression that leads to one. */
export const distributionSpec = z.strictObject({
  type: z.string().describe('pytorch, tensorflow or mpi, in any case of letters'),
  process_count_per_instance: intOrExpression.optional(),
  worker_count: intOrExpression.optional().describe('tensorflow; default is resources.instance_count'),
  parameter_server_count: intOrExpression.optional().describe('tensorflow'),
})
/** How long a result may be taken again (Hagane). A single command job that says it is reused at all; others run every time. */
export const reuseSpec = z.strictObject({
  max_age: durationSchema.optional().describe('e.g. 30d; without it the setting reuse_max_age of the server'),
})
export const limitsSpec = z.strictObject({
  timeout: intOrExpression.optional(),
})

export const retryReasons = ['failure', 'killed', 'lost'] as const
/** How often a command is run again (Hagane). Without it only what failed before the command began is tried again. */
export const commandRetrySettings = z.strictObject({
  max_retries: z.number().int().min(0).max(100).describe('how often it is tried again after the first time'),
  on: z
    .array(z.enum(retryReasons))
    .min(1)
    .optional()
    .describe(
      'failure: the command ended badly; killed: a signal or lack of memory ended it, which failure includes; lost: nobody saw how it ended; failure and lost when absent',
    ),
  backoff_seconds: z
    .number()
    .positive()
    .max(3600)
    .optional()
    .describe('wait before the second try, doubled for each further one up to ten minutes; default 5'),
})
export const environmentRef = z.union([z.string(), environmentSpec])

/** A component declares its inputs; a job gives them values. */
export const componentInput = z.union([
  z.strictObject({
    type: z.enum([...dataInputTypes, ...literalTypes]),
    default: literal.optional(),
    optional: z.boolean().optional(),
    description: z.string().optional(),
    enum: z.array(literal).optional(),
    min: z.number().optional(),
    max: z.number().optional(),
    mode: z.enum(inputModes).optional(),
    path: z.string().optional(),
  }),
  z.null(),
])
