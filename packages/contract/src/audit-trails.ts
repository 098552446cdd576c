import { z } from 'zod'
import { timeSchema } from './core/names.ts'
import { route } from './core/route.ts'
import { lineageNode } from './lineage.ts'

export const trailEntry = z
  .object({
    seq: z.number().int(),
    time: timeSchema,
    actor: z.string(),
    type: z.string(),
    subject: z.string(),
    says: z.string().describe('one sentence'),
    correlation_id: z.string().optional().describe('what set it off'),
  })
  .meta({ id: 'TrailEntry' })
export type TrailEntry = z.output<typeof trailEntry>

export const servedDeployment = z
  .object({
    deployment: z.string(),
    traffic: z.number().describe('percent'),
    mirror_traffic: z.number().describe('percent'),
    revision_id: z.string().optional().describe('absent when none was ready'),
    since: timeSchema.optional().describe('when this revision began to serve'),
    model: z.string().optional(),
    model_tree: z.string().optional().describe('digest of its files'),
    environment_lock: z.string().optional(),
    code_tree: z.string().optional(),
    deployed_by: z.string().optional(),
    event: z.number().int().optional().describe('the event that says what it serves'),
  })
  .meta({ id: 'ServedDeployment' })
export type ServedDeployment = z.output<typeof servedDeployment>

export const auditTrail = z
  .object({
    of: z.string(),
    workspace: z.string(),
    at: timeSchema.optional(),
    served: z.array(servedDeployment).optional().describe('what the endpoint served then'),
    decided_by: trailEntry.optional().describe('the change of traffic that was in force then'),
    facts: z.array(lineageNode).describe('what stands behind it, from code and data to deployments'),
    story: z.array(trailEntry).describe('in order'),
    left_out: z.number().int().describe('events beyond the most that are told'),
  })
  .meta({ id: 'AuditTrail' })
export type AuditTrail = z.output<typeof auditTrail>

export const auditTrailRoutes = {
  show: route({
    operationId: 'audit.trail',
    method: 'GET',
    path: '/api/v1/audit/trail',
    permission: 'audit.read',
    summary: 'The story of a model, prediction, job or endpoint, from code and data to traffic',
    query: z.object({
      of: z
        .string()
        .regex(
          /^(model|prediction|endpoint|job):.+$/,
          'model:<name>:<version>, prediction:<id>, endpoint:<name> or job:<name>',
        )
        .max(800),
      at: timeSchema.optional().describe('endpoint: what served then; default now'),
    }),
    response: auditTrail,
  }),
}
