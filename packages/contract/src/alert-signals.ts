import { z } from 'zod'

export const alertSeverities = ['info', 'warning', 'error', 'critical'] as const
export type AlertSeverity = (typeof alertSeverities)[number]

/**
 * What an event says that may be an alert, as `data.alert`: any domain tells of trouble and of its end by it, and notifications
 * make it an alert with a life of its own. The same `key` means the same trouble.
 */
export const alertSignal = z
  .object({
    key: z.string().min(1).max(600).describe('what is wrong, e.g. monitor/flights/drift/feature:distance'),
    state: z.enum(['firing', 'resolved']),
    severity: z.enum(alertSeverities),
    summary: z.string().max(1000).describe('one sentence with the numbers'),
    summary_ja: z.string().max(1000).optional(),
    group: z.string().max(600).optional().describe('alerts of a group are told together, e.g. monitor/flights'),
    labels: z.record(z.string(), z.string()).optional().describe('to route, silence and inhibit by'),
    next_command: z.string().max(1000).optional().describe('what to type next'),
    emails: z.array(z.string()).max(100).optional().describe('who is told besides the subscriptions'),
  })
  .meta({ id: 'AlertSignal' })
export type AlertSignal = z.output<typeof alertSignal>
