import { z } from 'zod'
import { alertSeverities } from './alert-signals.ts'
import { creationContext } from './assets.ts'
import { durationSchema } from './core/duration.ts'
import { nameSchema, timeSchema } from './core/names.ts'
import { pageOf, pageQuery } from './core/page.ts'
import { ok, route } from './core/route.ts'
import { eventFilter } from './event-filters.ts'
import { metricAggregation, metricSubject } from './service-metrics.ts'

/** A service metric, as `hagane metrics` shows it, and the bound that it must not cross. */
export const metricBound = z
  .strictObject({
    metric: z.string().min(1).max(400).describe('a name of /api/v1/metrics/names, e.g. latency'),
    subject: metricSubject,
    aggregation: metricAggregation.optional(),
    over: durationSchema.default('5m').describe('the newest so long, e.g. 5m'),
    above: z.number().optional(),
    below: z.number().optional(),
  })
  .refine(({ above, below }) => (above === undefined) !== (below === undefined), {
    error: 'say the bound: above or below',
    path: ['above'],
  })
export type MetricBound = z.output<typeof metricBound>

/** When events become an alert: so many of them, or none for so long. */
export const alertRuleSpec = z
  .strictObject({
    $schema: z.string().optional(),
    name: nameSchema,
    description: z.string().max(2000).optional(),
    on: eventFilter.optional().describe('the events that count'),
    metric: metricBound.optional().describe('instead of events: fires while a service metric is beyond its bound'),
    by: z.enum(['subject', 'workspace']).default('workspace').describe('subject: each subject has an alert of its own'),
    at_least: z.number().int().min(1).max(1000).default(1).describe('so many events'),
    within: durationSchema.optional().describe('in so long a time, e.g. 10m'),
    absent_for: durationSchema.optional().describe('fires when no such event came for so long'),
    for: durationSchema.optional().describe('pending for so long first'),
    resolve_on: eventFilter.optional().describe('events that end it'),
    resolve_after: durationSchema.optional().describe('ends when no event counted for so long'),
    severity: z.enum(alertSeverities).default('warning'),
    summary: z.string().min(1).max(1000).optional().describe('may hold {{rule}}, {{count}}, {{subject}} and {{value}}'),
    summary_ja: z.string().min(1).max(1000).optional(),
    labels: z.record(z.string().max(256), z.string().max(256)).optional(),
    next_command: z
      .string()
      .max(1000)
      .optional()
      .describe('may hold {{subject}} and {{name}}, the subject without its kind'),
    emails: z.array(z.email('write an e-mail address, e.g. ml@example.com').max(320)).max(100).optional(),
    is_enabled: z.boolean().default(true),
  })
  .refine(({ on, metric }) => (on === undefined) !== (metric === undefined), {
    error: 'say what is looked at: on (events) or metric',
    path: ['on'],
  })
  .refine(
    ({ metric, at_least, within, absent_for, by, resolve_on, resolve_after }) =>
      metric === undefined ||
      (at_least === 1 &&
        by === 'workspace' &&
        [within, absent_for, resolve_on, resolve_after].every(part => part === undefined)),
    {
      error: 'metric goes with for, severity and words alone; it ends when the metric is within its bound',
      path: ['metric'],
    },
  )
  .refine(({ at_least, within }) => at_least === 1 || within !== undefined, {
    error: 'at_least needs within: so many events in how long?',
    path: ['within'],
  })
  .refine(
    ({ absent_for, at_least, within, by }) =>
      absent_for === undefined || (at_least === 1 && within === undefined && by === 'workspace'),
    {
      error: 'absent_for stands alone: no at_least, within or by',
      path: ['absent_for'],
    },
  )
  .meta({ id: 'AlertRuleSpec' })
export type AlertRuleSpec = z.output<typeof alertRuleSpec>

export const alertRuleResource = z
  .object({
    id: z.string(),
    ...alertRuleSpec.shape,
    by: z.enum(['subject', 'workspace']),
    etag: z.string(),
    creation_context: creationContext,
  })
  .omit({ $schema: true })
  .meta({ id: 'AlertRule' })
export type AlertRuleResource = z.output<typeof alertRuleResource>

export const backtestResult = z
  .object({
    since: timeSchema,
    until: timeSchema,
    events: z.number().int().describe('events that counted, or looks at a metric that was beyond its bound'),
    step_seconds: z.number().optional().describe('how often the metric of a rule was looked at'),
    fired: z.number().int(),
    firing_seconds: z.number().describe('how long it would have fired in all'),
    firings: z
      .array(
        z.object({
          key: z.string(),
          pending_at: timeSchema.optional(),
          fired_at: timeSchema,
          resolved_at: timeSchema.optional().describe('absent when it would still fire'),
          events: z.number().int().describe('events in its window when it fired'),
          last_seq: z.number().int().optional(),
          summary: z.string(),
        }),
      )
      .describe('the first 1000'),
  })
  .meta({ id: 'Backtest' })
export type BacktestResult = z.output<typeof backtestResult>

const params = z.object({ name: nameSchema })
const base = '/api/v1/alert-rules'

export const alertRuleRoutes = {
  create: route({
    operationId: 'alertRules.create',
    method: 'POST',
    path: base,
    permission: 'notification.write',
    summary: 'Create an alert rule, or replace the one of this name; it looks at what happens from now on',
    body: alertRuleSpec,
    response: alertRuleResource,
    status: 201,
  }),
  list: route({
    operationId: 'alertRules.list',
    method: 'GET',
    path: base,
    permission: 'notification.read',
    summary: 'List alert rules by name',
    query: z.object(pageQuery),
    response: pageOf(alertRuleResource),
  }),
  show: route({
    operationId: 'alertRules.show',
    method: 'GET',
    path: `${base}/:name`,
    permission: 'notification.read',
    summary: 'Show an alert rule',
    params,
    response: alertRuleResource,
  }),
  delete: route({
    operationId: 'alertRules.delete',
    method: 'DELETE',
    path: `${base}/:name`,
    permission: 'notification.write',
    summary: 'Delete an alert rule; what it raised is resolved',
    params,
    response: ok,
  }),
  backtest: route({
    operationId: 'alertRules.backtest',
    method: 'POST',
    path: `${base}/backtest`,
    permission: 'notification.read',
    summary: 'When and how often a rule would have fired',
    body: z.strictObject({
      rule: alertRuleSpec,
      since: z.iso.datetime({ offset: true }),
      until: z.iso.datetime({ offset: true }).optional(),
    }),
    response: backtestResult,
  }),
}
