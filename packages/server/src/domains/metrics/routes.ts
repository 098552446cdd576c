import {
  type AlertmanagerMessage,
  alertmanagerRoutes,
  type MeasuredSubject,
  type MetricName,
  type MetricSeries,
  type ServiceSamples,
  secondsOfDuration,
  serviceMetricDefinitions,
  serviceMetricRoutes,
} from '@hagane/contract'
import { type BoundRoute, implement, pageFrom, rawRoute, textCursor } from '../../kernel/http/index.ts'
import { aggregationsOf } from './measure.ts'
import type { MetricQuestion } from './query.ts'

/** A subject, its metrics with their parts, and when it was last told of, in epoch seconds. */
interface MeasuredThing {
  subject: string
  names: string[]
  seen: number
}

export interface MetricUses {
  series(workspace: string, asked: MetricQuestion): Promise<MetricSeries>
  subjects(workspace: string, subject: string | undefined, after: string, limit: number): Promise<MeasuredThing[]>
  take(samples: ServiceSamples): Promise<void>
  takeAlerts(who: { workspace: string; actor: string }, message: AlertmanagerMessage): Promise<void>
  /** For Prometheus. */
  page(): Promise<string>
}

const prometheus = {
  operationId: 'metrics.prometheus',
  method: 'GET',
  path: '/metrics',
  permission: 'monitor.read',
  summary: "What this server counts, in Prometheus' text format",
} as const
const textFormat = 'text/plain; version=0.0.4; charset=utf-8'

export const metricRoutesOf = ({ series, subjects, take, takeAlerts, page }: MetricUses): BoundRoute[] => [
  implement(serviceMetricRoutes.query, call => {
    const { step, ...asked } = call.query
    return series(call.workspace, { ...asked, ...(step === undefined ? {} : { step: secondsOfDuration(step) }) })
  }),
  implement(serviceMetricRoutes.names, async () => ({ items: serviceMetricDefinitions.map(described) })),
  implement(serviceMetricRoutes.subjects, async call => {
    const { limit, cursor, subject } = call.query
    const rows = await subjects(call.workspace, subject, textCursor(cursor) ?? '', limit + 1)
    return pageFrom(rows, limit, measured, row => [row.subject])
  }),
  implement(serviceMetricRoutes.samples, async call => {
    await take(call.body)
    return { ok: true as const }
  }),
  implement(alertmanagerRoutes.take, async call => {
    await takeAlerts(call, call.body)
    return { ok: true as const }
  }),
  rawRoute(prometheus, async (_call, _request, reply) => reply.type(textFormat).send(await page())),
]

const described = ({
  name,
  kind,
  unit,
  description,
  of,
  parts,
}: (typeof serviceMetricDefinitions)[number]): MetricName => ({
  ...{ name, kind, unit, description, subjects: [...of] },
  ...(parts === undefined ? {} : { parts }),
  aggregations: [...aggregationsOf[kind]],
})

const measured = ({ subject, names, seen }: MeasuredThing): MeasuredSubject => ({
  subject,
  metrics: names,
  last_time: new Date(seen * 1000).toISOString(),
})
