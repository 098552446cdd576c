import { z } from 'zod'
import { eventSchema } from './core/events.ts'
import { digestSchema } from './core/names.ts'
import { pageOf, pageQuery } from './core/page.ts'
import { route } from './core/route.ts'

const filter = {
  type: z.string().max(200).optional().describe('exact, or a prefix that ends in *'),
  subject: z.string().max(600).optional().describe('exact, or a prefix that ends in *'),
  actor: z.string().max(300).optional(),
}

export const auditVerification = z
  .object({
    ok: z.boolean(),
    count: z.number().int().describe('events that hold'),
    head: digestSchema.optional(),
    seq: z.number().int().optional().describe('the first event that does not hold'),
    id: z.string().optional(),
    type: z.string().optional(),
    subject: z.string().optional(),
    reason: z.string().optional(),
  })
  .meta({ id: 'AuditVerification' })

export const auditRoutes = {
  list: route({
    operationId: 'audit.list',
    method: 'GET',
    path: '/api/v1/audit/events',
    permission: 'audit.read',
    summary: 'Events of this workspace, newest first',
    query: z.object({ ...pageQuery, ...filter }),
    response: pageOf(eventSchema),
  }),
  verify: route({
    operationId: 'audit.verify',
    method: 'POST',
    path: '/api/v1/audit/verify',
    permission: 'audit.read',
    summary: 'Walk the whole hash chain',
    response: auditVerification,
  }),
  export: route({
    operationId: 'audit.export',
    method: 'GET',
    path: '/api/v1/audit/export',
    permission: 'audit.read',
    summary: 'The chain as NDJSON, data as the stored text, to verify offline',
    query: z.object({ after: z.coerce.number().int().min(0).default(0) }),
    response: 'stream',
  }),
  stream: route({
    operationId: 'events.stream',
    method: 'GET',
    path: '/api/v1/events/stream',
    permission: 'audit.read',
    summary: 'Live feed of this workspace as server-sent events; resumes from `after` or Last-Event-ID',
    query: z.object({ after: z.coerce.number().int().min(0).optional(), ...filter }),
    response: 'stream',
  }),
}
