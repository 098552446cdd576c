import { z } from 'zod'
import { collectionPlan } from './collection-plan.ts'
import { digestSchema, nameSchema, timeSchema } from './core/names.ts'
import { ok, route } from './core/route.ts'

/** 16 hexadecimal digits: the identity of one deployment's model, environment, code and settings. Never reused for others. */
export const revisionIdSchema = z.string().regex(/^[0-9a-f]{16}$/, 'a revision id: 16 lower-case hexadecimal digits')

export const authModes = ['key', 'aad_token', 'aml_token'] as const

/** A path of a server behind a deployment and the port that its author names; the port it gets is in an environment variable. */
const serverRoute = z.strictObject({ path: z.string().startsWith('/'), port: z.number().int().min(1).max(65_535) })

export const onnxColumns = z
  .array(z.strictObject({ name: z.string().optional(), type: z.string(), required: z.boolean() }))
  .describe("columns of an MLflow model's signature; without it the model's own inputs decide")

/** How a deployment's workers are started. Paths are absolute and read-only on the gateway's machine. */
export const gatewayRuntime = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('python-score'),
    python: z.string().describe('interpreter of the built environment'),
    code_dir: z.string(),
    scoring_script: z.string().describe('path below code_dir of the file with init() and run()'),
    model_dir: z.string().optional().describe('what AZUREML_MODEL_DIR says'),
  }),
  z.strictObject({
    kind: z.literal('python-mlflow'),
    python: z.string(),
    model_dir: z.string().describe('the folder that holds MLmodel'),
  }),
  z.strictObject({
    kind: z.literal('python-pickle'),
    python: z.string(),
    model_file: z.string().describe('a pickle or joblib file of an object with predict(), which its owner trusts'),
    model_dir: z.string().describe('what AZUREML_MODEL_DIR says'),
  }),
  z.strictObject({
    kind: z.literal('command'),
    command: z.string().min(1).describe('a shell command that serves HTTP on the port in $PORT until it gets SIGTERM'),
    python: z.string().describe('interpreter of the built environment; its folder goes first on PATH'),
    code_dir: z.string().optional().describe('where it is started; otherwise in model_dir'),
    scoring_script: z.string().optional().describe('what AZUREML_ENTRY_SCRIPT says'),
    model_dir: z.string().optional().describe('what AZUREML_MODEL_DIR says'),
    liveness_route: serverRoute,
    readiness_route: serverRoute,
    scoring_route: serverRoute.describe('what POST /score of the endpoint is sent to'),
  }),
  z.strictObject({
    kind: z.literal('onnx'),
    model_file: z.string().describe('the .onnx file; data files of it lie beside'),
    model_dir: z.string().describe('what AZUREML_MODEL_DIR says'),
    columns: onnxColumns.optional(),
  }),
])
export type GatewayRuntime = z.output<typeof gatewayRuntime>

/** Azure ML's probe settings, in seconds. A worker is given `initial_delay + period * failure_threshold` to start. */
export const probeSettings = z.strictObject({
  initial_delay: z.number().int().min(0).max(86_400).default(10),
  period: z.number().int().min(1).max(3600).default(10),
  timeout: z.number().int().min(1).max(3600).default(2),
  success_threshold: z.number().int().min(1).max(100).default(1),
  failure_threshold: z.number().int().min(1).max(1000).default(30),
})
export type ProbeSettings = z.output<typeof probeSettings>

export const requestSettings = z.strictObject({
  request_timeout_ms: z.number().int().min(1).max(3_600_000).default(5000),
  max_queue_wait_ms: z.number().int().min(0).max(3_600_000).default(500),
  max_concurrent_requests_per_instance: z
    .number()
    .int()
    .min(1)
    .max(100_000)
    .optional()
    .describe('when given, at most twice this number per worker is accepted at a time, as Azure ML does'),
})
export type RequestSettings = z.output<typeof requestSettings>

/** Azure ML's target_utilization: as many workers as keep the busy share of their places at the target. */
export const autoscaleSettings = z.strictObject({
  min_workers: z.number().int().min(1).max(256),
  max_workers: z.number().int().min(1).max(256),
  target_utilization_percentage: z.number().int().min(1).max(100).default(70),
  polling_interval: z.number().int().min(1).max(3600).default(1).describe('seconds between two decisions'),
})
export type AutoscaleSettings = z.output<typeof autoscaleSettings>

export const gatewayDeployment = z.strictObject({
  name: nameSchema,
  revision_id: revisionIdSchema,
  runtime: gatewayRuntime,
  workers: z.number().int().min(1).max(256),
  environment_variables: z.record(z.string(), z.string()),
  request_settings: requestSettings,
  liveness_probe: probeSettings,
  readiness_probe: probeSettings,
  memory_limit: z.number().int().min(1).optional().describe('bytes that one worker and its children may hold'),
  autoscale: autoscaleSettings.optional().describe('absent: always `workers`'),
  idle_seconds: z
    .number()
    .int()
    .min(1)
    .optional()
    .describe('without a request for so long its workers end; the next request starts one and waits for it'),
  batching: z
    .boolean()
    .optional()
    .describe('answer several requests with one predict call; by default where the model flavor computes row by row'),
  collection: collectionPlan.optional().describe('what of its requests and answers is kept'),
})
export type GatewayDeployment = z.output<typeof gatewayDeployment>

/** What keeps a caller at one deployment of a split: `header:<name>`, `cookie:<name>`, or `body` for equal requests. */
export const stickySchema = z
  .string()
  .regex(/^(body|(header|cookie):[\w!#$%&'*+.^`|~-]{1,100})$/, 'header:<name>, cookie:<name> or body')

/** Requests for each key or token: `per_second` on average, `burst` at once. */
export const rateLimit = z.strictObject({ per_second: z.number().positive(), burst: z.number().min(1) })
export type RateLimit = z.output<typeof rateLimit>

const percent = z.number().int().min(0).max(100)
export const gatewayEndpoint = z.strictObject({
  workspace: nameSchema,
  name: nameSchema,
  auth_mode: z.enum(authModes),
  key_hashes: z.array(digestSchema).describe('SHA-256 of every accepted key or long-lived token'),
  token_hashes: z.array(z.strictObject({ sha256: digestSchema, expires_at: timeSchema })).default([]),
  is_open: z
    .boolean()
    .optional()
    .describe('answers without credentials, as a server for one person on one machine does'),
  public_network_access: z.enum(['enabled', 'disabled']).default('enabled'),
  traffic: z.record(nameSchema, percent),
  mirror_traffic: z.record(nameSchema, percent).default({}),
  comparison_share: z
    .number()
    .min(0)
    .max(1)
    .optional()
    .describe('1 unless given: share of mirrored requests whose answers, live and shadow, are kept to be compared'),
  deployments: z.array(gatewayDeployment),
  sticky: stickySchema.optional(),
  rate_limit: rateLimit.optional(),
  cors_origins: z.array(z.string()).optional().describe('web pages that may call; `*` is any'),
  local: z.literal(true).optional().describe('callers on this machine need no key, others are refused'),
})
export type GatewayEndpoint = z.output<typeof gatewayEndpoint>

/** Everything a gateway needs to serve. `revision` is opaque and changes with the content. */
export const gatewayTable = z.strictObject({ revision: z.string(), endpoints: z.array(gatewayEndpoint) })
export type GatewayTable = z.output<typeof gatewayTable>

/** `<dir>/table.json`: the table in force, and by endpoint the revisions that took requests when it was written. */
export const gatewayTableFile = z.object({
  table: gatewayTable,
  serving: z.record(z.string(), z.array(gatewayDeployment)).default({}),
})
export type GatewayTableFile = z.output<typeof gatewayTableFile>

/** `<dir>/gateway.json`: who serves from this folder. `port` is kept over restarts. */
export const gatewayFile = z.object({
  pid: z.number().int(),
  port: z.number().int(),
  grpc_port: z.number().int().optional().describe('of the Open Inference Protocol over gRPC'),
  host: z.string(),
  scheme: z.enum(['http', 'https']).default('http'),
  startedAt: timeSchema,
})
export type GatewayFile = z.output<typeof gatewayFile>

export const revisionStates = ['starting', 'ready', 'failed', 'draining'] as const
export const gatewayRevisionReport = z.strictObject({
  workspace: nameSchema,
  endpoint: nameSchema,
  deployment: nameSchema,
  revision_id: revisionIdSchema,
  state: z.enum(revisionStates),
  workers_ready: z.number().int(),
  workers: z.number().int().optional().describe('how many it wants now'),
  restarts: z.number().int(),
  pid: z.number().int().optional().describe('process of the first worker that runs'),
  message: z.string().optional().describe("why it is not ready: the worker's own error"),
  log_tail: z.array(z.string()).optional().describe('last lines of the log, with the traceback of the model code'),
})
export type GatewayRevisionReport = z.output<typeof gatewayRevisionReport>

export const sealedSegment = z.strictObject({
  revision_id: revisionIdSchema,
  segment: z.string().describe('file name without extension: <hour> or <hour>.<n>'),
  digest: digestSchema.describe('SHA-256 of the segment file'),
  count: z.number().int().describe('records in it'),
})
export type SealedSegment = z.output<typeof sealedSegment>

export const gatewayReport = z.strictObject({
  gateway: gatewayFile,
  table_revision: z.string().optional(),
  deployments: z.array(gatewayRevisionReport),
  sealed: z.array(sealedSegment).describe('repeated until a report with them was accepted'),
})
export type GatewayReport = z.output<typeof gatewayReport>

export const gatewayRoutes = {
  table: route({
    operationId: 'gateway.table',
    method: 'GET',
    path: '/api/v1/gateway/table',
    permission: 'gateway.serve',
    summary: 'The routing table; held back until it differs from `revision`, at most `wait` seconds',
    query: z.object({
      revision: z.string().max(200).optional(),
      wait: z.coerce.number().min(0).max(60).default(0).describe('seconds'),
    }),
    response: z.object({ revision: z.string(), table: gatewayTable.optional().describe('absent when unchanged') }),
  }),
  report: route({
    operationId: 'gateway.report',
    method: 'POST',
    path: '/api/v1/gateway/report',
    permission: 'gateway.serve',
    summary: 'What the gateway runs, and which files of predictions are sealed',
    body: gatewayReport,
    response: ok,
  }),
}
