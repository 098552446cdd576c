import { type AlertmanagerMessage, type AlertSeverity, type AlertSignal, alertSeverities } from '@hagane/contract'
import type { Database, Who } from '../../kernel/db/index.ts'
import { eventsBefore } from '../../kernel/events/index.ts'

type PrometheusAlert = AlertmanagerMessage['alerts'][number]

/**
 * Appends an event for each alert that began or ended. Alertmanager repeats itself for as long as an alert lasts: what is
 * known already adds nothing.
 */
export async function takeAlerts(db: Database, who: Who, { alerts }: AlertmanagerMessage): Promise<void> {
  const news: PrometheusAlert[] = []
  for (const alert of alerts) if (await isNews(db, who.workspace, alert)) news.push(alert)
  if (news.length === 0) return
  await db.withTransaction(who, async tx => {
    for (const one of news)
      tx.append({
        type: `dev.hagane.prometheus.alert-${one.status}`,
        subject: subjectOf(one),
        data: { labels: one.labels, started_at: one.startsAt, alert: signalOf(one) },
      })
  })
}

const subjectOf = ({ fingerprint }: PrometheusAlert): string => `prometheus/${fingerprint}`

async function isNews(db: Database, workspace: string, alert: PrometheusAlert): Promise<boolean> {
  const [last] = await eventsBefore(db, undefined, 1, { workspace, subject: subjectOf(alert) })
  if (last === undefined) return alert.status === 'firing'
  const { alert: told, started_at } = JSON.parse(last.data) as { alert: AlertSignal; started_at: string }
  return told.state !== alert.status || started_at !== alert.startsAt
}

const isSeverity = (text: string | undefined): text is AlertSeverity =>
  (alertSeverities as readonly (string | undefined)[]).includes(text)

function signalOf({ status, labels, annotations, fingerprint }: PrometheusAlert): AlertSignal {
  const name = labels.alertname ?? 'alert'
  const { severity } = labels
  const { summary = annotations.description ?? name, summary_ja, next_command } = annotations
  return {
    key: `prometheus/${fingerprint}`,
    state: status,
    severity: isSeverity(severity) ? severity : severity === 'page' ? 'critical' : 'warning',
    summary: summary.slice(0, 1000),
    ...(summary_ja === undefined ? {} : { summary_ja: summary_ja.slice(0, 1000) }),
    group: `prometheus/${name}`.slice(0, 600),
    labels,
    ...(next_command === undefined ? {} : { next_command: next_command.slice(0, 1000) }),
  }
}
