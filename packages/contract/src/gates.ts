import { z } from 'zod'
import { creationContext } from './assets.ts'
import { nameSchema } from './core/names.ts'
import { pageOf, pageQuery } from './core/page.ts'
import { ok, route } from './core/route.ts'
import { gateSpec } from './gate-specs.ts'

export const gateResource = z
  .object({ id: z.string(), name: nameSchema, spec: gateSpec, etag: z.string(), creation_context: creationContext })
  .meta({ id: 'Gate' })
export type GateResource = z.output<typeof gateResource>

export const gateResults = ['pass', 'fail', 'inconclusive'] as const
export type GateResult = (typeof gateResults)[number]

const number = z.number().nullable()
/** One demand and what was found. */
export const gateCheck = z
  .object({
    check: z.string().describe('e.g. roc_auc, latency p99 ms, recall difference of sex'),
    slice: z.string().optional(),
    rows: z.number().int().optional(),
    candidate: number,
    champion: number,
    difference: number.describe('how much better the candidate is'),
    interval: z.tuple([z.number(), z.number()]).optional().describe('confidence interval of what is demanded'),
    demand: z.string(),
    result: z.enum([...gateResults, 'not judged']),
    note: z.string().optional(),
  })
  .meta({ id: 'GateCheck' })
export type GateCheck = z.output<typeof gateCheck>

export const gateRunResource = z
  .object({
    id: z.string(),
    name: nameSchema,
    gate: z.string(),
    status: z.enum(['Running', 'Completed', 'Failed']),
    result: z.enum(gateResults).optional(),
    message: z.string().optional(),
    candidate: z.string(),
    champion: z.string().optional().describe('absent while there is none: demands beside it are not judged'),
    data: z.string().optional(),
    job: z.string().optional().describe('scores both models on the data'),
    table: z.array(gateCheck),
    spec: gateSpec.describe('the gate as it was when it was run'),
    creation_context: creationContext,
  })
  .meta({ id: 'GateRun' })
export type GateRunResource = z.output<typeof gateRunResource>

const params = z.object({ name: nameSchema })
const base = '/api/v1/gates'

export const gateRoutes = {
  create: route({
    operationId: 'gates.create',
    method: 'POST',
    path: base,
    permission: 'automation.write',
    summary: 'Create a gate, or replace the one of this name',
    body: gateSpec,
    response: gateResource,
    status: 201,
  }),
  list: route({
    operationId: 'gates.list',
    method: 'GET',
    path: base,
    permission: 'model.read',
    summary: 'List gates by name',
    query: z.object(pageQuery),
    response: pageOf(gateResource),
  }),
  show: route({
    operationId: 'gates.show',
    method: 'GET',
    path: `${base}/:name`,
    permission: 'model.read',
    summary: 'Show a gate',
    params,
    response: gateResource,
  }),
  delete: route({
    operationId: 'gates.delete',
    method: 'DELETE',
    path: `${base}/:name`,
    permission: 'automation.write',
    summary: 'Delete a gate; its runs are kept',
    params,
    response: ok,
  }),
  run: route({
    operationId: 'gates.run',
    method: 'POST',
    path: `${base}/:name/runs`,
    permission: 'model.write',
    summary: 'Judge a candidate; the answer comes before the result',
    params,
    body: z.strictObject({
      candidate: z.string().min(1).max(1000),
      champion: z.string().min(1).max(1000).optional().describe('the alias champion of the same model without it'),
    }),
    response: gateRunResource,
    status: 201,
    idempotent: true,
  }),
  runs: route({
    operationId: 'gates.runs',
    method: 'GET',
    path: '/api/v1/gate-runs',
    permission: 'model.read',
    summary: 'List runs of gates, newest first',
    query: z.object({ ...pageQuery, gate: nameSchema.optional() }),
    response: pageOf(gateRunResource),
  }),
  showRun: route({
    operationId: 'gates.show_run',
    method: 'GET',
    path: '/api/v1/gate-runs/:name',
    permission: 'model.read',
    summary: 'Show a run of a gate with its table',
    params,
    response: gateRunResource,
  }),
}
