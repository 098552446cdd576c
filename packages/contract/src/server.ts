import { z } from 'zod'
import { timeSchema } from './core/names.ts'
import { route } from './core/route.ts'

export const serverStatus = z
  .object({
    version: z.string(),
    pid: z.number().int(),
    url: z.string(),
    data: z.string(),
    database: z.string(),
    started_at: timeSchema,
    ready_ms: z.number(),
    events: z.number().int(),
    jobs: z.record(z.string(), z.number().int()),
    gateway: z.object({ url: z.string(), pid: z.number().int() }).optional(),
  })
  .meta({ id: 'ServerStatus' })

export const serverRoutes = {
  status: route({
    operationId: 'server.status',
    method: 'GET',
    path: '/api/v1/status',
    permission: 'workspace.read',
    summary: 'What runs here',
    response: serverStatus,
  }),
  config: route({
    operationId: 'server.config',
    method: 'GET',
    path: '/api/v1/config',
    permission: 'access.manage',
    summary: 'Each setting and where it came from; secrets are masked',
    response: z.record(z.string(), z.object({ value: z.unknown(), from: z.string() })),
  }),
  openapi: route({
    operationId: 'server.openapi',
    method: 'GET',
    path: '/openapi.json',
    permission: 'public',
    summary: 'This API as OpenAPI 3.1',
    response: 'stream',
  }),
  schemas: route({
    operationId: 'server.schemas',
    method: 'GET',
    path: '/schemas',
    permission: 'public',
    summary: 'The JSON Schemas of YAML files, for editors',
    response: z.object({ items: z.array(z.object({ name: z.string(), url: z.string() })) }),
  }),
  schema: route({
    operationId: 'server.schema',
    method: 'GET',
    path: '/schemas/:file',
    permission: 'public',
    summary: "One JSON Schema: `job.schema.json`, or under Azure ML's name, `pipelineJob.schema.json`",
    params: z.object({ file: z.string().max(100) }),
    response: 'stream',
  }),
  home: route({
    operationId: 'server.home',
    method: 'GET',
    path: '/',
    permission: 'public',
    summary: 'Status page',
    response: 'stream',
  }),
}
