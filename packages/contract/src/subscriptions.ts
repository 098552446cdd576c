import { z } from 'zod'
import { alertSeverities } from './alert-signals.ts'
import { creationContext } from './assets.ts'
import { durationSchema } from './core/duration.ts'
import { nameSchema, timeSchema } from './core/names.ts'
import { pageOf, pageQuery } from './core/page.ts'
import { ok, route } from './core/route.ts'
import { eventFilter } from './event-filters.ts'
import { timeZone, weekDays } from './schedule-triggers.ts'
import { subscriptionChannel } from './subscription-channels.ts'

const clockTime = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'a time of day, e.g. 22:00')

/** When nobody wants to hear; what comes meanwhile is told afterwards. */
export const quietHours = z.strictObject({
  time_zone: timeZone,
  from: clockTime,
  to: clockTime.describe('on the next day when it is not later than from'),
  days: z.array(z.enum(weekDays)).min(1).optional().describe('the days on which it begins; every day when left out'),
  except_severity: z
    .enum(alertSeverities)
    .default('critical')
    .describe('alerts of this severity and above are told at once'),
})
export type QuietHours = z.output<typeof quietHours>

/** Which alerts a subscription is told of. */
export const alertSelection = z.strictObject({
  min_severity: z.enum(alertSeverities).default('info'),
  labels: z
    .record(z.string().max(256), z.string().max(256))
    .optional()
    .describe('a * at the end of a value is a prefix'),
  escalate_after: durationSchema
    .optional()
    .describe('told only of alerts that nobody acknowledged for so long, e.g. 15m'),
})
export type AlertSelection = z.output<typeof alertSelection>

export const languages = ['en', 'ja'] as const
export type Language = (typeof languages)[number]

const shape = {
  description: z.string().max(2000).optional(),
  on: eventFilter.optional().describe('events that are told'),
  alerts: alertSelection.optional().describe('alerts that are told'),
  channel: subscriptionChannel,
  language: z.enum(languages).optional(),
  quiet_hours: quietHours.optional(),
  timeout_seconds: z.number().int().min(1).max(30).optional().describe('how long a delivery may take'),
  is_enabled: z.boolean().optional(),
}

export const subscriptionSpec = z
  .strictObject({ $schema: z.string().optional(), name: nameSchema, ...shape })
  .refine(({ on, alerts }) => on !== undefined || alerts !== undefined, {
    error: 'say what is to be told: on (events), alerts, or both',
    path: ['on'],
  })
  .meta({ id: 'SubscriptionSpec' })
export type SubscriptionSpec = z.output<typeof subscriptionSpec>

export const subscriptionHealths = ['healthy', 'failing', 'down', 'disabled'] as const

export const subscriptionResource = z
  .object({
    id: z.string(),
    name: nameSchema,
    description: z.string().optional(),
    on: eventFilter.optional(),
    alerts: alertSelection.optional(),
    channel: z.record(z.string(), z.unknown()).describe('without its secrets'),
    language: z.enum(languages),
    quiet_hours: quietHours.optional(),
    timeout_seconds: z.number().int(),
    is_enabled: z.boolean(),
    health: z.enum(subscriptionHealths).describe('failing: some deliveries fail; down: all do'),
    delivered_seq: z.number().int().describe('every event up to here is told, or kept as a delivery of its own'),
    behind: z.number().int().describe('events that wait to be looked at'),
    retrying: z.number().int(),
    dead: z.number().int().describe('deliveries given up after 24 hours'),
    last_error: z.string().optional(),
    secret: z.string().optional().describe('the signing secret that was made up; shown once'),
    etag: z.string(),
    creation_context: creationContext,
  })
  .meta({ id: 'Subscription' })
export type SubscriptionResource = z.output<typeof subscriptionResource>

export const deliveryStates = ['delivered', 'retrying', 'waiting', 'dead'] as const
export type DeliveryState = (typeof deliveryStates)[number]

export const deliveryResource = z
  .object({
    id: z.string().describe('the same at each try, so that a receiver can drop what it has'),
    seq: z.number().int(),
    event_id: z.string(),
    type: z.string(),
    subject: z.string(),
    state: z.enum(deliveryStates).describe('waiting: behind an earlier one of the same subject'),
    attempts: z.number().int(),
    first_attempt: timeSchema.optional(),
    last_attempt: timeSchema.optional(),
    next_attempt: timeSchema.optional(),
    status: z.number().int().optional().describe('what the receiver answered'),
    error: z.string().optional(),
    duration_ms: z.number().optional(),
  })
  .meta({ id: 'Delivery' })
export type DeliveryResource = z.output<typeof deliveryResource>

const params = z.object({ name: nameSchema })
const base = '/api/v1/subscriptions'

export const subscriptionRoutes = {
  create: route({
    operationId: 'subscriptions.create',
    method: 'POST',
    path: base,
    permission: 'notification.write',
    summary: 'Create a subscription, or replace the one of this name',
    body: subscriptionSpec,
    response: subscriptionResource,
    status: 201,
  }),
  list: route({
    operationId: 'subscriptions.list',
    method: 'GET',
    path: base,
    permission: 'notification.read',
    summary: 'List subscriptions by name',
    query: z.object(pageQuery),
    response: pageOf(subscriptionResource),
  }),
  show: route({
    operationId: 'subscriptions.show',
    method: 'GET',
    path: `${base}/:name`,
    permission: 'notification.read',
    summary: 'Show a subscription, how far it has come and what it last failed with',
    params,
    response: subscriptionResource,
  }),
  update: route({
    operationId: 'subscriptions.update',
    method: 'PATCH',
    path: `${base}/:name`,
    permission: 'notification.write',
    summary: 'Change a subscription; disabled, it keeps its place in the order of events',
    params,
    body: z.strictObject(shape).partial(),
    response: subscriptionResource,
  }),
  delete: route({
    operationId: 'subscriptions.delete',
    method: 'DELETE',
    path: `${base}/:name`,
    permission: 'notification.write',
    summary: 'Delete a subscription and the log of its deliveries',
    params,
    response: ok,
  }),
  test: route({
    operationId: 'subscriptions.test',
    method: 'POST',
    path: `${base}/:name/test`,
    permission: 'notification.write',
    summary: 'Send a made-up event now, beside the others, and answer what came of it',
    params,
    response: z.object({
      delivered: z.boolean(),
      status: z.number().int().optional(),
      error: z.string().optional(),
      duration_ms: z.number(),
    }),
  }),
  deliveries: route({
    operationId: 'subscriptions.deliveries',
    method: 'GET',
    path: `${base}/:name/deliveries`,
    permission: 'notification.read',
    summary: 'Deliveries of a subscription, newest event first',
    params,
    query: z.object({ ...pageQuery, state: z.enum(deliveryStates).optional() }),
    response: pageOf(deliveryResource),
  }),
  redeliver: route({
    operationId: 'subscriptions.redeliver',
    method: 'POST',
    path: `${base}/:name/redeliver`,
    permission: 'notification.write',
    summary: 'Deliver again: one event, or all that were given up',
    params,
    body: z.union([
      z.strictObject({ event: z.string().min(1).max(64).describe('id or sequence number') }),
      z.strictObject({ state: z.literal('dead') }),
    ]),
    response: z.object({ deliveries: z.number().int() }),
  }),
  replay: route({
    operationId: 'subscriptions.replay',
    method: 'POST',
    path: `${base}/:name/replay`,
    permission: 'notification.write',
    summary: 'Deliver the events of a stretch of the past that pass the filter, again and in order',
    params,
    body: z
      .strictObject({
        from_seq: z.number().int().min(1).optional(),
        since: z.iso.datetime({ offset: true }).optional(),
        until_seq: z.number().int().min(1).optional(),
        until: z.iso.datetime({ offset: true }).optional(),
      })
      .refine(({ from_seq, since }) => (from_seq === undefined) !== (since === undefined), {
        error: 'say where to begin: from_seq or since',
        path: ['from_seq'],
      }),
    response: z.object({ deliveries: z.number().int() }),
  }),
}
