import { lockUntilCommit, type Tx } from '../../../kernel/db/index.ts'
import { ALERT_MAIL } from '../delivery/tell.ts'
import { insertSubscription, subscriptionForUpdate } from './store.ts'

/**
 * E-mail to the addresses that alerts name themselves goes by a subscription of its own, so that it is tried again and logged like
 * any other. It is there from the first alert that names an address.
 */
export async function ensureAlertMail(tx: Tx): Promise<void> {
  await lockUntilCommit(tx, `subscriptions/${tx.who.workspace}/${ALERT_MAIL}`)
  if ((await subscriptionForUpdate(tx, ALERT_MAIL)) !== undefined) return
  await insertSubscription(tx, {
    name: ALERT_MAIL,
    description: 'writes to the addresses that alerts name',
    ...{
      event_filter: null,
      alerts: null,
      channel: JSON.stringify({ type: 'email', to: ['the addresses of each alert'] }),
    },
    ...{ channel_sealed: '', language: 'en', quiet_hours: null, timeout_seconds: 30, is_enabled: 1 },
  })
}
