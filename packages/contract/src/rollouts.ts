import { z } from 'zod'
import { creationContext } from './assets.ts'
import { nameSchema, timeSchema } from './core/names.ts'
import { pageOf, pageQuery } from './core/page.ts'
import { ok, route } from './core/route.ts'
import { rolloutSpec } from './rollout-specs.ts'

/**
 * Pending: not started. Progressing: on its way. Paused: waits for a time or a person. Healthy: promoted. Degraded: turned back,
 * the earlier traffic restored.
 */
export const rolloutPhases = ['Pending', 'Progressing', 'Paused', 'Healthy', 'Degraded'] as const
export type RolloutPhase = (typeof rolloutPhases)[number]

export const measurementPhases = ['Waiting', 'Successful', 'Failed', 'Inconclusive', 'Error'] as const
export type MeasurementPhase = (typeof measurementPhases)[number]

const number = z.number().nullable()
export const rolloutMeasurement = z
  .object({
    attempt: z.number().int(),
    step: z.number().int().describe('-1: behind the steps'),
    metric: z.string(),
    time: timeSchema,
    phase: z.enum(measurementPhases),
    result: number.describe('of the candidate'),
    stable: number.describe('the same of the stable deployment'),
    count: z.number().int().describe('requests or rows behind the result'),
    message: z.string().optional(),
  })
  .meta({ id: 'RolloutMeasurement' })
export type RolloutMeasurement = z.output<typeof rolloutMeasurement>

export const rolloutApproval = z.object({
  step: z.number().int(),
  by: z.string(),
  time: timeSchema,
  comment: z.string().optional(),
})
export type RolloutApproval = z.output<typeof rolloutApproval>

const shares = z.record(z.string(), z.number())
export const pauseReasons = ['duration', 'approval', 'asked', 'inconclusive'] as const
export type PauseReason = (typeof pauseReasons)[number]

export const rolloutResource = z
  .object({
    id: z.string(),
    name: nameSchema,
    description: z.string().optional(),
    tags: z.record(z.string(), z.string()),
    endpoint: z.string(),
    deployment: z.string().describe('the candidate'),
    stable: z.string(),
    phase: z.enum(rolloutPhases),
    message: z.string().optional(),
    attempt: z.number().int(),
    current_step: z.number().int().describe('counted from 0; -1 while the candidate is deployed'),
    steps: z.array(z.object({ name: z.string(), state: z.enum(['waiting', 'running', 'done', 'skipped', 'failed']) })),
    weight: z.number().int(),
    mirror: z.number().int(),
    before: z.object({ traffic: shares, mirror_traffic: shares }).optional().describe('what comes back on abort'),
    pause: z
      .object({
        reason: z.enum(pauseReasons),
        until: timeSchema.optional(),
        approvers: z.array(z.string()).optional(),
      })
      .optional(),
    approvals: z.array(rolloutApproval),
    spec: rolloutSpec,
    etag: z.string(),
    creation_context: creationContext,
  })
  .meta({ id: 'Rollout' })
export type RolloutResource = z.output<typeof rolloutResource>

const params = z.object({ name: nameSchema })
const base = '/api/v1/rollouts'

/** The body of an act without parameters. */
const said = z.strictObject({ comment: z.string().max(2000).optional() })

export const rolloutRoutes = {
  create: route({
    operationId: 'rollouts.create',
    method: 'POST',
    path: base,
    permission: 'automation.write',
    summary: 'Create a rollout and start it, unless start is false',
    body: z.strictObject({ rollout: rolloutSpec, start: z.boolean().default(true) }),
    response: rolloutResource,
    status: 201,
    idempotent: true,
  }),
  list: route({
    operationId: 'rollouts.list',
    method: 'GET',
    path: base,
    permission: 'automation.read',
    summary: 'List rollouts, newest first',
    query: z.object({ ...pageQuery, endpoint: nameSchema.optional(), phase: z.enum(rolloutPhases).optional() }),
    response: pageOf(rolloutResource),
  }),
  show: route({
    operationId: 'rollouts.show',
    method: 'GET',
    path: `${base}/:name`,
    permission: 'automation.read',
    summary: 'Show a rollout',
    params,
    response: rolloutResource,
  }),
  measurements: route({
    operationId: 'rollouts.measurements',
    method: 'GET',
    path: `${base}/:name/measurements`,
    permission: 'automation.read',
    summary: 'What was measured, newest first',
    params,
    query: z.object(pageQuery),
    response: pageOf(rolloutMeasurement),
  }),
  start: route({
    operationId: 'rollouts.start',
    method: 'POST',
    path: `${base}/:name/start`,
    permission: 'automation.write',
    summary: 'Start a pending rollout',
    params,
    body: said,
    response: rolloutResource,
  }),
  pause: route({
    operationId: 'rollouts.pause',
    method: 'POST',
    path: `${base}/:name/pause`,
    permission: 'automation.write',
    summary: 'Hold a rollout where it is',
    params,
    body: said,
    response: rolloutResource,
  }),
  resume: route({
    operationId: 'rollouts.resume',
    method: 'POST',
    path: `${base}/:name/resume`,
    permission: 'automation.write',
    summary: 'Go on after a pause that was asked for',
    params,
    body: said,
    response: rolloutResource,
  }),
  abort: route({
    operationId: 'rollouts.abort',
    method: 'POST',
    path: `${base}/:name/abort`,
    permission: 'automation.write',
    summary: 'Turn back: the earlier traffic is restored',
    params,
    body: said,
    response: rolloutResource,
  }),
  retry: route({
    operationId: 'rollouts.retry',
    method: 'POST',
    path: `${base}/:name/retry`,
    permission: 'automation.write',
    summary: 'Begin again after an abort, or measure a step again that was inconclusive',
    params,
    body: said,
    response: rolloutResource,
  }),
  approve: route({
    operationId: 'rollouts.approve',
    method: 'POST',
    path: `${base}/:name/approve`,
    permission: 'automation.approve',
    summary: 'Approve the step that waits for it',
    params,
    body: said,
    response: rolloutResource,
  }),
  promote: route({
    operationId: 'rollouts.promote',
    method: 'POST',
    path: `${base}/:name/promote`,
    permission: 'automation.approve',
    summary: 'Pass the step that pauses; with full, all that are left',
    params,
    body: said.extend({ full: z.boolean().default(false) }),
    response: rolloutResource,
  }),
  delete: route({
    operationId: 'rollouts.delete',
    method: 'DELETE',
    path: `${base}/:name`,
    permission: 'automation.write',
    summary: 'Delete a rollout that is not on its way; its events stay',
    params,
    response: ok,
  }),
}
