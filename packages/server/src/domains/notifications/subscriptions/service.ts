import { HaganeError, type SubscriptionChannel, type SubscriptionSpec } from '@hagane/contract'
import type { Tx, Who } from '../../../kernel/db/index.ts'
import { compileFilter } from '../../../kernel/events/index.ts'
import { openChannel, sealChannel, shownChannel, withSecret } from '../channels/index.ts'
import { ALERT_MAIL } from '../delivery/tell.ts'
import type { NotificationNeeds } from '../needs.ts'
import type { SubscriptionRow } from '../tables.ts'
import { type FedSubscription, findSubscription } from './reads.ts'
import {
  type Content,
  changeSubscription,
  deleteSubscription,
  insertSubscription,
  subscriptionForUpdate,
} from './store.ts'

const DEFAULT_TIMEOUT_S = 10

/** What an update may carry; what it leaves out stays. */
export type SubscriptionChange = Partial<Omit<SubscriptionSpec, '$schema' | 'name'>>

/** Throws not_found. */
export async function getSubscription(
  needs: NotificationNeeds,
  workspace: string,
  name: string,
): Promise<FedSubscription> {
  return (await findSubscription(needs.db, workspace, name)) ?? Promise.reject(noSubscription(workspace, name))
}

/** Creates a subscription, or replaces the one of that name, which keeps its place and its log; a secret that was made up. */
export async function putSubscription(
  needs: NotificationNeeds,
  who: Who,
  spec: SubscriptionSpec,
): Promise<string | undefined> {
  check(needs, spec)
  if (spec.name === ALERT_MAIL) throw reserved()
  return needs.db.withTransaction(who, async tx => {
    const before = await subscriptionForUpdate(tx, spec.name)
    const { channel, made } = withSecret(spec.channel, before && openChannel(needs.secrets, before.channel_sealed))
    const content: Content = {
      name: spec.name,
      description: spec.description ?? null,
      event_filter: spec.on === undefined ? null : JSON.stringify(spec.on),
      alerts: spec.alerts === undefined ? null : JSON.stringify(spec.alerts),
      ...channelColumns(needs, channel),
      language: spec.language ?? 'en',
      quiet_hours: spec.quiet_hours === undefined ? null : JSON.stringify(spec.quiet_hours),
      timeout_seconds: spec.timeout_seconds ?? DEFAULT_TIMEOUT_S,
      is_enabled: (spec.is_enabled ?? true) ? 1 : 0,
    }
    if (before === undefined) await insertSubscription(tx, content)
    else await changeSubscription(tx, before, content)
    const { channel: _, ...rest } = spec
    append(tx, before === undefined ? 'created' : 'updated', spec.name, { ...rest, channel: shownChannel(channel) })
    return made
  })
}

/** Changes what is given; a secret that was made up. `checkRow` sees the row before anything is written. Throws not_found. */
export async function changeExisting(
  needs: NotificationNeeds,
  who: Who,
  name: string,
  change: SubscriptionChange,
  checkRow: (row: SubscriptionRow) => void,
): Promise<string | undefined> {
  check(needs, change)
  if (name === ALERT_MAIL && change.channel !== undefined) throw reserved()
  return needs.db.withTransaction(who, async tx => {
    const row = await subscriptionForUpdate(tx, name)
    if (row === undefined) throw noSubscription(who.workspace, name)
    checkRow(row)
    const secret = change.channel && withSecret(change.channel, openChannel(needs.secrets, row.channel_sealed))
    await changeSubscription(tx, row, { ...columnsOf(change), ...(secret && channelColumns(needs, secret.channel)) })
    const { channel, ...rest } = change
    append(tx, 'updated', name, { ...rest, ...(channel && { channel: shownChannel(channel) }) })
    return secret?.made
  })
}

function columnsOf(change: SubscriptionChange): Partial<Content> {
  const { description, on, alerts, language, quiet_hours, timeout_seconds, is_enabled } = change
  return {
    ...(description === undefined ? {} : { description }),
    ...(on === undefined ? {} : { event_filter: JSON.stringify(on) }),
    ...(alerts === undefined ? {} : { alerts: JSON.stringify(alerts) }),
    ...(language === undefined ? {} : { language }),
    ...(quiet_hours === undefined ? {} : { quiet_hours: JSON.stringify(quiet_hours) }),
    ...(timeout_seconds === undefined ? {} : { timeout_seconds }),
    ...(is_enabled === undefined ? {} : { is_enabled: is_enabled ? 1 : 0 }),
  }
}

/** Throws not_found. */
export async function removeSubscription(needs: NotificationNeeds, who: Who, name: string): Promise<void> {
  await needs.db.withTransaction(who, async tx => {
    const row = await subscriptionForUpdate(tx, name)
    if (row === undefined) throw noSubscription(who.workspace, name)
    await deleteSubscription(tx, row)
    append(tx, 'deleted', name, {})
  })
}

const channelColumns = ({ secrets }: NotificationNeeds, channel: SubscriptionChannel) => ({
  channel: JSON.stringify(shownChannel(channel)),
  channel_sealed: sealChannel(secrets, channel),
})

function check({ mailer }: NotificationNeeds, { on, channel }: SubscriptionChange): void {
  if (on !== undefined) compileFilter(on, 'on')
  if (channel?.type === 'email' && mailer === undefined)
    throw new HaganeError('unsupported', 'channel.type: this server cannot send e-mail', {
      details: [{ property: 'channel.type', message: 'no SMTP server is configured', sent: 'email' }],
      hint: 'start it with --smtp-host and --smtp-from (or HAGANE_SMTP_HOST, HAGANE_SMTP_FROM)',
    })
}

const append = (tx: Tx, what: string, name: string, data: Record<string, unknown>): void =>
  tx.append({ type: `dev.hagane.subscription.${what}`, subject: `subscription/${name}`, data: { ...data, name } })

const reserved = (): HaganeError =>
  new HaganeError('conflict', `the name ${ALERT_MAIL} is taken: Hagane writes to the addresses of alerts by it`, {
    hint: 'choose another name',
  })

export const noSubscription = (workspace: string, name: string): HaganeError =>
  new HaganeError('not_found', `no subscription '${name}' in workspace ${workspace}`, {
    hint: '`hagane subscription list` shows what there is',
  })
