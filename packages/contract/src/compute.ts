import { z } from 'zod'
import { creationContext } from './assets.ts'
import { nameSchema, tagsSchema } from './core/names.ts'
import { pageOf } from './core/page.ts'
import { ok, route } from './core/route.ts'

/** Azure ML compute YAML. Sizes and tiers are kept as said; every compute is a name for this server's own machine so far, with limits of its own. */
export const computeSpec = z
  .looseObject({
    $schema: z.string().optional(),
    name: nameSchema,
    type: z.string().default('amlcompute'),
    size: z.string().optional(),
    min_instances: z.number().int().min(0).optional(),
    max_instances: z.number().int().min(1).optional(),
    idle_time_before_scale_down: z.number().int().min(0).optional(),
    max_concurrent_jobs: z.number().int().min(1).optional().describe('steps that run on it at the same time'),
    cores: z.number().positive().optional().describe('cores that its steps may take together'),
    memory_gib: z.number().positive().optional().describe('memory that its steps may take together'),
    description: z.string().optional(),
    tags: tagsSchema.optional(),
  })
  .meta({ id: 'ComputeSpec' })
export type ComputeSpec = z.output<typeof computeSpec>

export const computeResource = z
  .object({
    id: z.string(),
    name: nameSchema,
    type: z.string(),
    size: z.string().optional(),
    min_instances: z.number().int().optional(),
    max_instances: z.number().int().optional(),
    idle_time_before_scale_down: z.number().int().optional().describe('seconds'),
    description: z.string().optional(),
    tags: z.record(z.string(), z.string()),
    max_concurrent_jobs: z.number().int().optional(),
    limits: z.object({ cores: z.number().optional(), memory_gib: z.number().optional() }).optional(),
    provisioning_state: z.literal('Succeeded'),
    driver: z.literal('local').describe('where steps really run'),
    cores: z.number().describe('of the machine, or of its limit'),
    memory_gib: z.number(),
    creation_context: creationContext.optional(),
  })
  .meta({ id: 'Compute' })
export type ComputeResource = z.output<typeof computeResource>

const params = z.object({ name: nameSchema })
export const computeRoutes = {
  create: route({
    operationId: 'compute.create',
    method: 'POST',
    path: '/api/v1/compute',
    permission: 'workspace.write',
    summary: 'Name a compute, or change what is said about it',
    body: computeSpec,
    response: computeResource,
    status: 201,
  }),
  list: route({
    operationId: 'compute.list',
    method: 'GET',
    path: '/api/v1/compute',
    permission: 'workspace.read',
    summary: 'List computes',
    response: pageOf(computeResource),
  }),
  show: route({
    operationId: 'compute.show',
    method: 'GET',
    path: '/api/v1/compute/:name',
    permission: 'workspace.read',
    summary: 'Show a compute',
    params,
    response: computeResource,
  }),
  delete: route({
    operationId: 'compute.delete',
    method: 'DELETE',
    path: '/api/v1/compute/:name',
    permission: 'workspace.write',
    summary: 'Forget a compute; jobs that ran there are kept',
    params,
    response: ok,
  }),
}
