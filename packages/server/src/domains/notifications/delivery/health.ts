import type { Tx } from '../../../kernel/db/index.ts'
import type { SubscriptionRow } from '../tables.ts'
import type { Health, Progress } from './runner.ts'

const downAlert = (name: string) => ({
  key: `subscription/${name}/down`,
  severity: 'warning' as const,
  summary: `subscription ${name}: its receiver does not take deliveries; they wait and are tried again`,
  summary_ja: `サブスクリプション ${name}: 受信側が応答しません。配信は保留され、再試行されます`,
  group: `subscription/${name}`,
  next_command: `hagane subscription show -n ${name}`,
})

/** The alert that deliveries were given up. */
export const deadAlert = (name: string) => ({
  key: `subscription/${name}/dead`,
  severity: 'error' as const,
  summary: `subscription ${name}: deliveries were given up after 24 hours`,
  summary_ja: `サブスクリプション ${name}: 24 時間届かなかった配信を断念しました`,
  group: `subscription/${name}`,
  next_command: `hagane subscription deliveries -n ${name} --state dead`,
})

/** Appends that a receiver is gone, is back, or that deliveries were given up. */
export function tellHealth(tx: Tx, { name }: SubscriptionRow, change: { from: Health; progress: Progress }): void {
  const { health, lastError, dead } = change.progress
  const append = (what: string, data: Record<string, unknown>) =>
    tx.append({ type: `dev.hagane.subscription.${what}`, subject: `subscription/${name}`, data: { name, ...data } })
  if (change.from !== 'down' && health === 'down')
    append('down', { error: lastError, alert: { ...downAlert(name), state: 'firing' } })
  if (change.from === 'down' && health !== 'down')
    append('recovered', { alert: { ...downAlert(name), state: 'resolved' } })
  if (dead.length > 0)
    append('dead-lettered', {
      deliveries: dead.length,
      events: dead.slice(0, 20).map(row => row.event_id),
      error: dead.at(-1)?.error,
      alert: { ...deadAlert(name), state: 'firing' },
    })
}
