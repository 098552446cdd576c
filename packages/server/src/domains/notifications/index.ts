import type { Tx } from '../../kernel/db/index.ts'
import type { BoundRoute } from '../../kernel/http/index.ts'
import { openSender } from '../../kernel/outgoing/index.ts'
import { type MailSettings, openMailer } from './channels/index.ts'
import { buildEngine } from './delivery/engine.ts'
import { tellHealth } from './delivery/health.ts'
import { tellerOf } from './delivery/tell.ts'
import { bindEvents } from './event-routes.ts'
import type { NotificationNeeds } from './needs.ts'
import { bindSubscriptions } from './routes.ts'

export { smtpOf } from './smtp-settings.ts'

export interface Notifications {
  routes: BoundRoute[]
  start(): void
  /** Carries out all that is due by now, at once. */
  poll(): Promise<void>
  stop(): Promise<void>
}

type Given = Omit<NotificationNeeds, 'sender' | 'mailer'> & {
  allowPrivateUrls: boolean
  smtp: MailSettings | undefined
}

/** Events told to others: subscriptions and their deliveries. */
export function buildNotifications({ allowPrivateUrls, smtp, ...parts }: Given): Notifications {
  const sender = openSender(allowPrivateUrls)
  const mailer = smtp === undefined ? undefined : openMailer(smtp)
  const needs: NotificationNeeds = { ...parts, sender, mailer }
  const engine = buildEngine({
    ...{ db: needs.db, log: needs.log, serverId: needs.serverId },
    teller: row => tellerOf(needs, row),
    tell: (tx: Tx, row, change) => tellHealth(tx, row, change),
  })
  return {
    routes: [...bindEvents(needs), ...bindSubscriptions(needs)],
    start: engine.start,
    poll: engine.poll,
    async stop() {
      await engine.stop()
      await sender.close()
      mailer?.close()
    },
  }
}
