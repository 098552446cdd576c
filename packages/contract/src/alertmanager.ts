import { z } from 'zod'
import { ok, route } from './core/route.ts'

const texts = z.record(z.string().max(300), z.string().max(10_000))

/** What Alertmanager posts to a webhook (https://prometheus.io/docs/alerting/latest/configuration/#webhook_config). */
export const alertmanagerMessage = z.looseObject({
  version: z.string().default('4'),
  alerts: z
    .array(
      z.looseObject({
        status: z.enum(['firing', 'resolved']),
        labels: texts,
        annotations: texts.default({}),
        startsAt: z.string().max(100),
        endsAt: z.string().max(100).optional(),
        generatorURL: z.string().max(10_000).optional(),
        fingerprint: z.string().regex(/^[\w-]{1,100}$/),
      }),
    )
    .max(1000),
})
export type AlertmanagerMessage = z.output<typeof alertmanagerMessage>

export const alertmanagerRoutes = {
  take: route({
    operationId: 'metrics.alertmanager',
    method: 'POST',
    path: '/api/v1/metrics/alertmanager',
    permission: 'monitor.write',
    summary: 'A webhook receiver of Alertmanager: alerts of Prometheus become events and alerts here',
    body: alertmanagerMessage,
    response: ok,
  }),
}
