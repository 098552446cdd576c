import { z } from 'zod'
import { eventSchema } from './core/events.ts'
import { digestSchema, timeSchema } from './core/names.ts'
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

export const auditCheckpoint = z
  .object({
    origin: z.string().describe('the log: hagane/<server>'),
    size: z.number().int().describe('events it stands for'),
    root: digestSchema.describe('of the Merkle tree over the hashes of these events'),
    head: digestSchema.describe('hash of the last of them'),
    time: timeSchema,
    note: z.string().describe('the signed form: https://c2sp.org/tlog-checkpoint'),
    public_key: z.string(),
  })
  .meta({ id: 'AuditCheckpoint' })
export type AuditCheckpoint = z.output<typeof auditCheckpoint>

const proofEvent = z.object({
  seq: z.number().int(),
  id: z.string(),
  time: timeSchema,
  workspace: z.string(),
  actor: z.string(),
  type: z.string(),
  subject: z.string(),
  data: z.string().describe('JSON text, as it was hashed'),
  prev_hash: digestSchema,
  hash: digestSchema,
})

/** One prediction, tied to a signed checkpoint: line of a file -> root of the file -> event -> root of the chain. */
export const auditProof = z
  .object({
    hagane_proof: z.literal(1),
    prediction: z.string(),
    record: z.string().describe('the line of the sealed file, without its end'),
    index: z.number().int().describe('lines of the file before it'),
    path: z.array(digestSchema).describe('from the line to the root that the event names'),
    event: proofEvent,
    event_path: z.array(digestSchema).describe('from the event to the root that was signed'),
    checkpoint: z.string(),
    public_key: z.string(),
  })
  .meta({ id: 'AuditProof' })
export type AuditProof = z.output<typeof auditProof>

export const auditRoutes = {
  list: route({
    operationId: 'audit.list',
    method: 'GET',
    path: '/api/v1/audit/events',
    permission: 'audit.read',
    summary: 'Events of this workspace, newest first',
    query: z.object({
      ...pageQuery,
      ...filter,
      correlation: z
        .string()
        .max(255)
        .optional()
        .describe('the chain of steps that began with the event of this id, oldest first'),
    }),
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
    summary: 'The chain as NDJSON between a signed first line and a last one, to verify offline',
    query: z.object({ after: z.coerce.number().int().min(0).default(0) }),
    response: 'stream',
  }),
  key: route({
    operationId: 'audit.key',
    method: 'GET',
    path: '/api/v1/audit/key',
    permission: 'public',
    summary: 'The public key with which this server signs checkpoints',
    response: z.object({ origin: z.string(), public_key: z.string().describe('https://c2sp.org/signed-note') }),
  }),
  createCheckpoint: route({
    operationId: 'audit.createCheckpoint',
    method: 'POST',
    path: '/api/v1/audit/checkpoints',
    permission: 'workspace.write',
    summary: 'Sign what the chain holds now, after checking it since the checkpoint before',
    response: auditCheckpoint,
    status: 201,
  }),
  checkpoints: route({
    operationId: 'audit.checkpoints',
    method: 'GET',
    path: '/api/v1/audit/checkpoints',
    permission: 'audit.read',
    summary: 'Signed checkpoints, newest first',
    query: z.object({ ...pageQuery }),
    response: pageOf(auditCheckpoint),
  }),
  prove: route({
    operationId: 'audit.prove',
    method: 'GET',
    path: '/api/v1/audit/proofs/:prediction',
    permission: 'audit.read',
    summary: 'What ties one prediction to a signed checkpoint, to verify offline',
    params: z.object({ prediction: z.string().min(1).max(200) }),
    response: auditProof,
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
