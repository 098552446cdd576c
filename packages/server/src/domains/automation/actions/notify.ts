import { notifyAction, parseOrThrow } from '@hagane/contract'
import { render, type Values } from '../expressions.ts'
import type { Performer } from './performer.ts'

/** What is told: the event of a notification, which is an alert too when it has a severity. */
export function notification(
  given: unknown,
  values: Values,
  property: string,
  of: { rule: string; number: number; id: string },
) {
  const { message, message_ja, severity, key, labels, next_command, emails } = parseOrThrow(
    notifyAction,
    render(given, values, property),
    property,
  )
  const more = {
    ...(next_command === undefined ? {} : { next_command }),
    ...(emails === undefined ? {} : { emails }),
  }
  const told = {
    rule: of.rule,
    run: of.number,
    action: of.id,
    message,
    ...(message_ja === undefined ? {} : { message_ja }),
  }
  if (severity === undefined) return { ...told, ...(labels === undefined ? {} : { labels }), ...more }
  const alert = {
    key: key ?? `rule/${of.rule}/${of.id}`,
    state: 'firing',
    severity,
    summary: message.slice(0, 1000),
    ...(message_ja === undefined ? {} : { summary_ja: message_ja.slice(0, 1000) }),
    group: `rule/${of.rule}`,
    labels: { rule: of.rule, ...labels },
    ...more,
  }
  return { ...told, alert }
}

/** Tells of something by an event; subscriptions and alerts carry it on. */
export const notify: Performer = {
  async begin(needs, { run, row, action, values, who, record }) {
    const of = { rule: run.rule, number: run.number, id: row.id }
    const data = notification(action.notify, values, `do.${row.position}.notify`, of)
    await needs.db.withTransaction(who, async tx => {
      await record(tx, { state: 'succeeded', result: { message: data.message } })
      tx.append({ type: 'dev.hagane.rule.notification', subject: `rule/${run.rule}`, data })
    })
  },
}
