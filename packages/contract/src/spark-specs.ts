import { z } from 'zod'
import { tagsSchema, versionSchema } from './core/names.ts'
import { componentInput, environmentRef, jobInput, jobOutput } from './job-inputs.ts'

const body = {
  $schema: z.string().optional(),
  type: z.literal('spark'),
  name: z.string().optional(),
  display_name: z.string().optional(),
  description: z.string().optional(),
  tags: tagsSchema.optional(),
  properties: tagsSchema.optional(),
  code: z.string().optional(),
  entry: z.strictObject({ file: z.string().min(1) }).describe('script below code'),
  args: z.string().optional(),
  conf: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).optional(),
  py_files: z.array(z.string()).optional(),
  jars: z.array(z.string()).optional(),
  files: z.array(z.string()).optional(),
  archives: z.array(z.string()).optional(),
  environment: environmentRef.optional(),
  environment_variables: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])).optional(),
  outputs: z.record(z.string(), jobOutput).nullish(),
}

/** A Spark job, or a pipeline node with its script in place. */
export const sparkJobSpec = z
  .strictObject({
    ...body,
    experiment_name: z.string().optional(),
    compute: z.string().optional(),
    identity: z.looseObject({}).optional(),
    resources: z
      .strictObject({
        instance_type: z.string().optional(),
        runtime_version: z.union([z.string(), z.number()]).optional().describe('version of Spark, e.g. "3.4"'),
      })
      .optional(),
    inputs: z.record(z.string(), jobInput).nullish(),
  })
  .meta({ id: 'SparkJobSpec' })

export const sparkComponentSpec = z
  .strictObject({
    ...body,
    version: versionSchema.optional(),
    is_deterministic: z.boolean().optional(),
    inputs: z.record(z.string(), componentInput).nullish(),
    additional_includes: z.array(z.string()).optional(),
  })
  .meta({ id: 'SparkComponentSpec' })
