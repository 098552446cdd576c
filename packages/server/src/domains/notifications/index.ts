import type { SubscriptionSpec } from '@hagane/contract'
import type { Tx, Who } from '../../kernel/db/index.ts'
import type { BoundRoute } from '../../kernel/http/index.ts'
import { openSender } from '../../kernel/outgoing/index.ts'
import { bindAlertRules, bindAlerts } from './alert-routes.ts'
import { type MailSettings, openMailer } from './channels/index.ts'
import { buildEngine } from './delivery/engine.ts'
import { tellHealth } from './delivery/health.ts'
import type { DeliveryLog } from './delivery/store.ts'
import { tellerOf } from './delivery/tell.ts'
import { bindEvents } from './event-routes.ts'
import type { NotificationNeeds } from './needs.ts'
import { bindSubscriptions } from './routes.ts'
import type { MetricSource } from './rules/metric-source.ts'
import { ensureAlertMail } from './subscriptions/alert-mail.ts'
import { putSubscription } from './subscriptions/service.ts'
import { buildAlertWatch } from './watch.ts'

export { smtpOf } from './smtp-settings.ts'

export interface Notifications {
  routes: BoundRoute[]
  /** Creates a subscription, or replaces the one of its name. */
  subscribe(who: Who, spec: SubscriptionSpec): Promise<void>
  start(): void
  stop(): Promise<void>
}

type Given = Omit<NotificationNeeds, 'sender' | 'mailer'> & {
  allowPrivateUrls: boolean
  smtp: MailSettings | undefined
  metric: MetricSource
  deliveryLog: DeliveryLog
}

/** Events told to others: subscriptions and their deliveries. */
export function buildNotifications({ allowPrivateUrls, smtp, metric, deliveryLog, ...parts }: Given): Notifications {
  const sender = openSender(allowPrivateUrls)
  const mailer = smtp === undefined ? undefined : openMailer(smtp)
  const needs: NotificationNeeds = { ...parts, sender, mailer }
  const engine = buildEngine({
    ...{ db: needs.db, log: needs.log, serverId: needs.serverId, deliveryLog },
    teller: row => tellerOf(needs, row),
    tell: (tx: Tx, row, change) => tellHealth(tx, row, change),
  })
  const alerts = buildAlertWatch({
    ...{ db: needs.db, log: needs.log, metric },
    mailProblem: mailer === undefined ? 'this server has no SMTP server (smtp_host)' : undefined,
    ensureMail: ensureAlertMail,
  })
  return {
    routes: [
      ...bindEvents(needs),
      ...bindSubscriptions(needs),
      ...bindAlerts(needs),
      ...bindAlertRules({ ...needs, metric }),
    ],
    subscribe: async (who, spec) => void (await putSubscription(needs, who, spec)),
    start() {
      engine.start()
      alerts.start()
    },
    async stop() {
      await alerts.stop()
      await engine.stop()
      await sender.close()
      mailer?.close()
    },
  }
}
