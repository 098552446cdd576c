import { z } from 'zod'
import { creationContext } from './assets.ts'
import { described, description } from './core/described.ts'
import { nameSchema, timeSchema } from './core/names.ts'
import { pageOf, pageQuery } from './core/page.ts'
import { ok, route } from './core/route.ts'
import { metricFinding } from './drift-metrics.ts'
import { monitorSignal } from './monitor-signals.ts'
import { scheduleTrigger } from './schedule-triggers.ts'

/** `create_monitor` of Azure ML's schedules. */
export const monitorDefinition = z
  .strictObject({
    compute: z
      .union([
        z.string(),
        z.strictObject({ instance_type: z.string().optional(), runtime_version: z.string().optional() }),
      ])
      .optional()
      .describe('accepted and not used: the server judges by itself, without Spark'),
    monitoring_target: z
      .strictObject({
        ml_task: z.enum(['classification', 'regression', 'question_answering']).optional(),
        endpoint_deployment_id: z.string().min(1).optional().describe('azureml:<endpoint>:<deployment>'),
        model_id: z.string().min(1).optional(),
      })
      .optional(),
    monitoring_signals: z
      .record(nameSchema, monitorSignal)
      .optional()
      .describe('by name; without it data drift, prediction drift and data quality'),
    alert_notification: z
      .union([z.strictObject({ emails: z.array(z.email()).max(100).optional() }), z.literal('azmonitoring')])
      .optional(),
  })
  .meta({ id: 'MonitorDefinition' })
export type MonitorDefinition = z.output<typeof monitorDefinition>

export const monitorSpec = z
  .strictObject({
    $schema: z.string().optional(),
    name: nameSchema,
    ...description,
    trigger: scheduleTrigger,
    create_monitor: monitorDefinition,
    catch_up: z.enum(['none', 'latest', 'all']).default('latest').describe('for times that passed while no server ran'),
    is_enabled: z.boolean().optional(),
  })
  .meta({ id: 'MonitorSpec' })
export type MonitorSpec = z.output<typeof monitorSpec>

const count = z.number().int()
const window = z.object({ start: timeSchema, end: timeSchema })

/** What a run found of one metric. */
export const monitorFinding = metricFinding
  .extend({
    segment: z.string().optional().describe('the part of the data that it is about: <column> = <value>'),
    note: z.string().optional(),
  })
  .meta({ id: 'MonitorFinding' })
export type MonitorFinding = z.output<typeof monitorFinding>

/** What became of a signal in a run. */
export const signalResult = z
  .object({
    signal: z.string(),
    type: z.string(),
    status: z.enum(['healthy', 'breached', 'not_judged']),
    reason: z.string().optional().describe('why it was not judged'),
    window: window.optional(),
    rows: count.optional().describe('of production'),
    reference: z.string().optional().describe('what production was compared with'),
    reference_rows: count.optional(),
    notes: z.array(z.string()).default([]),
    job: z.string().optional().describe('that computed a custom signal'),
    findings: z.array(monitorFinding).default([]).describe('every metric, the breached first'),
  })
  .meta({ id: 'SignalResult' })
export type SignalResult = z.output<typeof signalResult>

export const monitorRunStatuses = ['Queued', 'Running', 'Completed', 'Failed'] as const
export const monitorRun = z
  .object({
    name: z.string(),
    monitor: nameSchema,
    kind: z.enum(['tick', 'manual']),
    time: timeSchema.describe('the moment that is judged: windows end here'),
    status: z.enum(monitorRunStatuses),
    result: z
      .enum(['healthy', 'breached', 'not_judged'])
      .optional()
      .describe('breached when any signal is; not_judged when none could be'),
    error: z.string().optional(),
    run_tags: z.record(z.string(), z.string()),
    signals: z.array(signalResult.omit({ findings: true }).extend({ breached: count, metrics: count })),
    created_at: timeSchema,
    finished_at: timeSchema.optional(),
  })
  .meta({ id: 'MonitorRun' })
export type MonitorRun = z.output<typeof monitorRun>

export const monitorResource = z
  .object({
    id: z.string(),
    name: nameSchema,
    ...described,
    trigger: scheduleTrigger,
    create_monitor: monitorDefinition,
    catch_up: z.enum(['none', 'latest', 'all']),
    is_enabled: z.boolean(),
    is_default: z.boolean().describe('made by the server for a deployment that collects'),
    open_findings: count.describe('metrics that are beyond their threshold now'),
    next_run_time: timeSchema.optional(),
    last_run: monitorRun.optional(),
    warnings: z
      .array(z.string())
      .optional()
      .describe('after a change: what it names that is not there, `property: text`'),
    etag: z.string(),
    creation_context: creationContext,
  })
  .meta({ id: 'Monitor' })
export type MonitorResource = z.output<typeof monitorResource>

/** A metric that is beyond its threshold now. */
export const openFinding = monitorFinding
  .extend({ since: timeSchema, run: z.string().describe('that saw it last'), last_seen: timeSchema })
  .meta({ id: 'OpenFinding' })
export type OpenFinding = z.output<typeof openFinding>

const params = z.object({ name: nameSchema })
const runParams = z.object({ name: nameSchema, run: z.string().min(1).max(600) })
const base = '/api/v1/monitors'

export const monitorRoutes = {
  create: route({
    operationId: 'monitors.create',
    method: 'POST',
    path: base,
    permission: 'monitor.write',
    summary: "Create a monitor, or replace the one of this name; Azure ML's schedule with create_monitor",
    body: z.strictObject({ monitor: monitorSpec }),
    response: monitorResource,
    status: 201,
  }),
  list: route({
    operationId: 'monitors.list',
    method: 'GET',
    path: base,
    permission: 'monitor.read',
    summary: 'List monitors by name',
    query: z.object({ ...pageQuery, enabled: z.stringbool().optional() }),
    response: pageOf(monitorResource),
  }),
  show: route({
    operationId: 'monitors.show',
    method: 'GET',
    path: `${base}/:name`,
    permission: 'monitor.read',
    summary: 'Show a monitor and its last run',
    params,
    response: monitorResource,
  }),
  update: route({
    operationId: 'monitors.update',
    method: 'PATCH',
    path: `${base}/:name`,
    permission: 'monitor.write',
    summary: 'Change a monitor, enable or disable it',
    params,
    body: z.strictObject({
      ...description,
      trigger: scheduleTrigger.optional(),
      create_monitor: monitorDefinition.optional(),
      catch_up: z.enum(['none', 'latest', 'all']).optional(),
      is_enabled: z.boolean().optional(),
    }),
    response: monitorResource,
  }),
  delete: route({
    operationId: 'monitors.delete',
    method: 'DELETE',
    path: `${base}/:name`,
    permission: 'monitor.write',
    summary: 'Delete a monitor with its results',
    params,
    response: ok,
  }),
  run: route({
    operationId: 'monitors.run',
    method: 'POST',
    path: `${base}/:name/run`,
    permission: 'monitor.write',
    summary: 'Judge now, beside the times of the monitor; also of a disabled one',
    params,
    body: z.strictObject({
      time: z.iso.datetime({ offset: true }).optional().describe('windows end here instead of now'),
    }),
    response: monitorRun,
    status: 201,
    idempotent: true,
  }),
  runs: route({
    operationId: 'monitors.runs',
    method: 'GET',
    path: `${base}/:name/runs`,
    permission: 'monitor.read',
    summary: 'The runs of a monitor, newest first',
    params,
    query: z.object(pageQuery),
    response: pageOf(monitorRun),
  }),
  results: route({
    operationId: 'monitors.results',
    method: 'GET',
    path: `${base}/:name/runs/:run`,
    permission: 'monitor.read',
    summary: 'Every metric of a run; latest is the newest that is complete',
    params: runParams,
    response: monitorRun.extend({ results: z.array(signalResult) }).meta({ id: 'MonitorRunResults' }),
  }),
  findings: route({
    operationId: 'monitors.findings',
    method: 'GET',
    path: `${base}/:name/findings`,
    permission: 'monitor.read',
    summary: 'What is beyond its threshold now, with the rows that moved',
    params,
    response: z.object({ items: z.array(openFinding) }),
  }),
}
