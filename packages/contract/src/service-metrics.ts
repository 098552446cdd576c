import { z } from 'zod'
import { durationSchema } from './core/duration.ts'
import { timeSchema } from './core/names.ts'
import { pageOf, pageQuery } from './core/page.ts'
import { ok, route } from './core/route.ts'
import { metricKinds } from './service-metric-names.ts'
import { serviceSamples } from './service-samples.ts'

/** Seconds that a kept figure covers: fine for hours, coarse for months. */
export const metricResolutions = [10, 60, 3600] as const
export type MetricResolution = (typeof metricResolutions)[number]

const aggregationForm = /^(rate|total|average|minimum|maximum|last|count|p\d{1,2}(\.\d{1,3})?)$/
/** Azure Monitor's words, and quantiles: p50, p99, p99.9. */
export const metricAggregation = z
  .string()
  .regex(aggregationForm, 'one of rate, total, average, minimum, maximum, last, count, or a quantile: p50, p95, p99.9')

/** What is measured: `endpoint/flights/deployment/blue`, `job/<name>`, `server`. One that others stand below means them too. */
export const metricSubject = z
  .string()
  .max(1000)
  .regex(
    /^(endpoint|job|compute|gateway|server|deployment)(\/[^/\s]+)*$/,
    'endpoint/<name>, endpoint/<name>/deployment/<name>, job/<name>, compute/<name>, gateway or server',
  )

const moment = z.iso.datetime({ offset: true })
const metricName = z.string().min(1).max(400)

export const metricPoint = z.object({
  time: timeSchema.describe('the begin of the step'),
  value: z.number().nullable().describe('null: nothing was measured'),
})

export const metricSeries = z
  .object({
    metric: z.string(),
    subject: z.string(),
    aggregation: z.string(),
    kind: z.enum(metricKinds),
    unit: z.string(),
    since: timeSchema,
    until: timeSchema,
    step: z.number().int().describe('seconds'),
    resolution: z.number().int().describe('seconds that the kept figures cover which these were made of'),
    value: z.number().nullable().describe('over the whole time'),
    points: z.array(metricPoint),
  })
  .meta({ id: 'MetricSeries' })
export type MetricSeries = z.output<typeof metricSeries>

export const metricQuery = z.object({
  metric: metricName.describe('a name of /api/v1/metrics/names, or a part of one: requests/503'),
  subject: metricSubject,
  since: moment.optional().describe('one hour before `until` without it'),
  until: moment.optional(),
  step: durationSchema.optional().describe('length of a step, e.g. 10s, 5m, 1h; without it about 120 steps'),
  aggregation: metricAggregation
    .optional()
    .describe('without it rate for counters, average for gauges, p95 for histograms'),
})
export type MetricQuery = z.output<typeof metricQuery>

export const metricNameResource = z
  .object({
    name: z.string(),
    kind: z.enum(metricKinds),
    unit: z.string(),
    description: z.string(),
    subjects: z.array(z.string()).describe('kinds of subjects that have it'),
    parts: z.string().optional().describe('what stands behind the slash of a part'),
    aggregations: z.array(z.string()).describe('the first is taken when none is asked for'),
  })
  .meta({ id: 'MetricName' })
export type MetricName = z.output<typeof metricNameResource>

export const measuredSubject = z
  .object({
    subject: z.string(),
    metrics: z.array(z.string()).describe('with their parts'),
    last_time: timeSchema,
  })
  .meta({ id: 'MeasuredSubject' })
export type MeasuredSubject = z.output<typeof measuredSubject>

export const serviceMetricRoutes = {
  query: route({
    operationId: 'metrics.query',
    method: 'GET',
    path: '/api/v1/metrics/query',
    permission: 'monitor.read',
    summary: 'One service metric of a subject over time',
    query: metricQuery,
    response: metricSeries,
  }),
  names: route({
    operationId: 'metrics.names',
    method: 'GET',
    path: '/api/v1/metrics/names',
    permission: 'monitor.read',
    summary: 'Every service metric, with unit and meaning',
    response: pageOf(metricNameResource),
  }),
  subjects: route({
    operationId: 'metrics.subjects',
    method: 'GET',
    path: '/api/v1/metrics/subjects',
    permission: 'monitor.read',
    summary: 'What has been measured, by name',
    query: z.object({ ...pageQuery, subject: metricSubject.optional().describe('it, and what stands below it') }),
    response: pageOf(measuredSubject),
  }),
  samples: route({
    operationId: 'metrics.samples',
    method: 'POST',
    path: '/api/v1/metrics/samples',
    permission: 'gateway.serve',
    summary: 'What a gateway has counted; a sample that is sent again is not counted again',
    body: serviceSamples,
    response: ok,
    bodyLimit: 64 * 2 ** 20,
  }),
}
