import { z } from 'zod'
import { alertStates } from './alert-notifications.ts'
import { alertSeverities } from './alert-signals.ts'
import { durationSchema } from './core/duration.ts'
import { timeSchema } from './core/names.ts'
import { pageOf, pageQuery } from './core/page.ts'
import { ok, route } from './core/route.ts'

export const alertResource = z
  .object({
    id: z.string(),
    key: z.string().describe('what is wrong; the same trouble has the same key'),
    group: z.string(),
    state: z.enum(alertStates),
    severity: z.enum(alertSeverities),
    summary: z.string(),
    summary_ja: z.string().optional(),
    labels: z.record(z.string(), z.string()),
    next_command: z.string().optional(),
    emails: z.array(z.string()),
    rule: z.string().optional().describe('the alert rule that raised it'),
    event_id: z.string().describe('the event that raised it'),
    correlation_id: z.string().describe('what set off the chain of steps that it belongs to'),
    times_seen: z.number().int().describe('how often it was reported while it was open'),
    started_at: timeSchema,
    fired_at: timeSchema.optional(),
    last_seen_at: timeSchema,
    acknowledged_at: timeSchema.optional(),
    acknowledged_by: z.string().optional(),
    resolved_at: timeSchema.optional(),
    told: z.string().optional().describe('the last that was told of it'),
    escalated_after: z.array(z.number().int()).describe('seconds: who was told because nobody acknowledged it'),
    silenced_by: z.string().optional().describe('the silence that keeps it from being told'),
    note: z.string().optional(),
  })
  .meta({ id: 'Alert' })
export type AlertResource = z.output<typeof alertResource>

const pattern = z.string().min(1).max(600)

/** Alerts with such a key, such labels and one of these severities; a * at the end of a text stands for the rest. */
export const alertMatch = z
  .strictObject({
    key: pattern.optional(),
    group: pattern.optional(),
    severities: z.array(z.enum(alertSeverities)).min(1).optional(),
    labels: z.record(z.string().max(256), pattern).optional(),
  })
  .refine(
    match => Object.values(match).some(value => value !== undefined),
    'say which alerts: key, group, severities or labels',
  )
export type AlertMatch = z.output<typeof alertMatch>

export const silenceSpec = z
  .strictObject({
    match: alertMatch.describe('which alerts are not told'),
    duration: durationSchema.optional().describe('from now, e.g. 2h'),
    starts_at: z.iso.datetime({ offset: true }).optional(),
    ends_at: z.iso.datetime({ offset: true }).optional(),
    while: alertMatch.optional().describe('only while such an alert fires: it explains the others (inhibition)'),
    equal: z.array(z.string().min(1).max(256)).max(20).optional().describe('labels that have to be the same on both'),
    comment: z.string().max(2000).optional(),
  })
  .refine(
    ({ duration, ends_at, while: source }) =>
      [duration, ends_at].filter(Boolean).length === 1 || (source !== undefined && !duration && !ends_at),
    {
      error: 'say how long by one of duration and ends_at (neither is needed with while)',
      path: ['duration'],
    },
  )
  .meta({ id: 'SilenceSpec' })
export type SilenceSpec = z.output<typeof silenceSpec>

export const silenceResource = z
  .object({
    id: z.string(),
    match: alertMatch,
    starts_at: timeSchema,
    ends_at: timeSchema.optional(),
    while: alertMatch.optional(),
    equal: z.array(z.string()).optional(),
    comment: z.string().optional(),
    is_active: z.boolean().describe('now, as far as its times say'),
    created_at: timeSchema,
    created_by: z.string(),
  })
  .meta({ id: 'Silence' })
export type SilenceResource = z.output<typeof silenceResource>

const id = z.object({ id: z.string().min(1).max(64) })
const remark = z.strictObject({ comment: z.string().max(2000).optional() })

export const alertRoutes = {
  list: route({
    operationId: 'alerts.list',
    method: 'GET',
    path: '/api/v1/alerts',
    permission: 'notification.read',
    summary: 'List alerts, newest first; those that are not resolved unless told otherwise',
    query: z.object({
      ...pageQuery,
      state: z.enum([...alertStates, 'open', 'all']).default('open'),
      key: z.string().max(600).optional().describe('exact, or a prefix that ends in *'),
    }),
    response: pageOf(alertResource),
  }),
  show: route({
    operationId: 'alerts.show',
    method: 'GET',
    path: '/api/v1/alerts/:id',
    permission: 'notification.read',
    summary: 'Show an alert',
    params: id,
    response: alertResource,
  }),
  acknowledge: route({
    operationId: 'alerts.acknowledge',
    method: 'POST',
    path: '/api/v1/alerts/:id/acknowledge',
    permission: 'notification.write',
    summary: 'Say that somebody works on it: it is not escalated any more',
    params: id,
    body: remark,
    response: alertResource,
  }),
  resolve: route({
    operationId: 'alerts.resolve',
    method: 'POST',
    path: '/api/v1/alerts/:id/resolve',
    permission: 'notification.write',
    summary: 'Say that it is over; it fires again when it is reported again',
    params: id,
    body: remark,
    response: alertResource,
  }),
}

export const silenceRoutes = {
  create: route({
    operationId: 'silences.create',
    method: 'POST',
    path: '/api/v1/silences',
    permission: 'notification.write',
    summary: 'Keep alerts from being told for a while',
    body: silenceSpec,
    response: silenceResource,
    status: 201,
  }),
  list: route({
    operationId: 'silences.list',
    method: 'GET',
    path: '/api/v1/silences',
    permission: 'notification.read',
    summary: 'List silences, newest first',
    query: z.object(pageQuery),
    response: pageOf(silenceResource),
  }),
  delete: route({
    operationId: 'silences.delete',
    method: 'DELETE',
    path: '/api/v1/silences/:id',
    permission: 'notification.write',
    summary: 'End a silence; what still fires is told',
    params: id,
    response: ok,
  }),
}
