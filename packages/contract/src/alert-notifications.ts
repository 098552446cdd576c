import { z } from 'zod'
import { alertSeverities } from './alert-signals.ts'
import { timeSchema } from './core/names.ts'

export const alertStates = ['pending', 'firing', 'acknowledged', 'resolved'] as const
export type AlertState = (typeof alertStates)[number]

export const notificationStatuses = ['firing', 'acknowledged', 'escalated', 'resolved'] as const

/** Data of `dev.hagane.alert.notification`: what is told of the alerts of a group, once. */
export const alertNotification = z
  .object({
    status: z.enum(notificationStatuses).describe('escalated: firing, and nobody acknowledged it for escalate_after'),
    group: z.string(),
    severity: z.enum(alertSeverities).describe('the highest of its alerts'),
    alerts: z.array(
      z.object({
        id: z.string(),
        key: z.string(),
        state: z.enum(alertStates),
        severity: z.enum(alertSeverities),
        summary: z.string(),
        summary_ja: z.string().optional(),
        labels: z.record(z.string(), z.string()),
        next_command: z.string().optional(),
        started_at: timeSchema,
        resolved_at: timeSchema.optional(),
      }),
    ),
    escalate_after: z.number().int().optional().describe('seconds: who asked to be told after so long'),
    escalated_after: z.array(z.number().int()).describe('who was told so before, and hears of the end too'),
    emails: z.array(z.string()).describe('who is told besides the subscriptions'),
    note: z.string().optional(),
  })
  .meta({ id: 'AlertNotification' })
export type AlertNotification = z.output<typeof alertNotification>
