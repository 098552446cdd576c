import { z } from 'zod'
import { nameSchema, tagsSchema, versionSchema } from './core/names.ts'
import {
  commandRetrySettings,
  componentInput,
  distributionSpec,
  environmentRef,
  jobInput,
  jobOutput,
  limitsSpec,
  queueSettings,
  resourcesSpec,
  reuseSpec,
} from './job-inputs.ts'

/** What every job may say of itself. */
export const jobCommon = {
  $schema: z.string().optional(),
  name: nameSchema.optional(),
  display_name: z.string().optional(),
  experiment_name: z.string().min(1).max(255).optional(),
  description: z.string().optional(),
  tags: tagsSchema.optional(),
  properties: tagsSchema.optional(),
  compute: z.string().optional(),
  identity: z.looseObject({}).optional(),
  services: z.record(z.string(), z.looseObject({})).nullish(),
  queue_settings: queueSettings.optional(),
}

/** What a command needs to run. */
export const commandBody = {
  command: z.string().min(1),
  code: z.string().optional(),
  environment: environmentRef.optional(),
  environment_variables: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])).optional(),
  resources: resourcesSpec.optional(),
  distribution: distributionSpec.optional(),
  limits: limitsSpec.optional(),
  retry_settings: commandRetrySettings.optional(),
}

/** What every component says of itself. */
export const componentCommon = {
  $schema: z.string().optional(),
  name: nameSchema.optional(),
  version: versionSchema.optional(),
  display_name: z.string().optional(),
  description: z.string().optional(),
  tags: tagsSchema.optional(),
  properties: tagsSchema.optional(),
  is_deterministic: z.boolean().optional(),
  reuse: reuseSpec.optional(),
  inputs: z.record(z.string(), componentInput).nullish(),
  outputs: z.record(z.string(), jobOutput).nullish(),
}

export const commandComponentSpec = z
  .strictObject({
    ...componentCommon,
    type: z.literal('command').default('command'),
    additional_includes: z.array(z.string()).optional(),
    ...commandBody,
  })
  .meta({ id: 'CommandComponentSpec' })
export type CommandComponentSpec = z.output<typeof commandComponentSpec>

export const commandJobSpec = z
  .strictObject({
    ...jobCommon,
    type: z.literal('command').default('command'),
    ...commandBody,
    inputs: z.record(z.string(), jobInput).nullish(),
    outputs: z.record(z.string(), jobOutput).nullish(),
    is_deterministic: z.boolean().optional(),
    reuse: reuseSpec.optional(),
  })
  .meta({ id: 'CommandJobSpec' })
export type CommandJobSpec = z.output<typeof commandJobSpec>

/** What a node of any kind may say. */
export const nodeCommon = {
  ...jobCommon,
  inputs: z.record(z.string(), jobInput).nullish(),
  outputs: z.record(z.string(), jobOutput).nullish(),
  limits: limitsSpec.optional(),
  resources: resourcesSpec.optional(),
  distribution: commandBody.distribution,
  environment_variables: commandBody.environment_variables,
}
