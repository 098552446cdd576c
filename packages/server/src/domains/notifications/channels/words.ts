import {
  type AlertNotification,
  type AlertSeverity,
  alertNotification,
  alertSignal,
  type Language,
} from '@hagane/contract'
import type { Telling } from './channel.ts'

/** What people are told of an event, whatever shows it. */
export interface Words {
  readonly title: string
  readonly lines: readonly string[]
  readonly severity: AlertSeverity
  readonly status: 'firing' | 'acknowledged' | 'resolved' | 'event'
  readonly command: string | undefined
  readonly link: string
  /** The same for everything that is said of one trouble. */
  readonly dedupKey: string
  readonly facts: readonly (readonly [string, string])[]
}

const statusWords: Record<Language, Record<AlertNotification['status'], string>> = {
  en: { firing: 'FIRING', acknowledged: 'ACKNOWLEDGED', resolved: 'RESOLVED', escalated: 'NOT ACKNOWLEDGED' },
  ja: { firing: '発生', acknowledged: '確認済み', resolved: '解消', escalated: '未確認' },
}
const severityWords: Record<Language, Record<AlertSeverity, string>> = {
  en: { info: 'info', warning: 'warning', error: 'error', critical: 'critical' },
  ja: { info: '情報', warning: '警告', error: 'エラー', critical: '重大' },
}
export const labels: Record<
  Language,
  Record<'next' | 'link' | 'time' | 'subject' | 'actor' | 'severity' | 'more', string>
> = {
  en: {
    next: 'Next',
    link: 'Details',
    time: 'Time',
    subject: 'Subject',
    actor: 'By',
    severity: 'Severity',
    more: 'more',
  },
  ja: {
    next: '次の操作',
    link: '詳細',
    time: '時刻',
    subject: '対象',
    actor: '実行者',
    severity: '重要度',
    more: '件',
  },
}
const LONGEST_LIST = 10

/** Words for an event: those of its alert, or what can be said of any. */
export function wordsOf(telling: Telling): Words {
  const { data } = telling.record()
  const notification = alertNotification.safeParse(data)
  if (telling.event.type === 'dev.hagane.alert.notification' && notification.success)
    return wordsOfAlerts(telling, notification.data)
  return wordsOfEvent(telling, data)
}

function wordsOfAlerts({ event, language, serverUrl }: Telling, told: AlertNotification): Words {
  const { status, severity, alerts, group } = told
  const state = statusWords[language][status]
  const [first] = alerts
  const summary = (alert: (typeof alerts)[number]) =>
    language === 'ja' && alert.summary_ja !== undefined ? alert.summary_ja : alert.summary
  const more = alerts.length - LONGEST_LIST
  const over = statusWords[language].resolved
  const mark = ({ state: one }: (typeof alerts)[number]) =>
    one === 'resolved' && status !== 'resolved' ? `✓ [${over}]` : '•'
  const going = status === 'resolved' ? alerts : alerts.filter(alert => alert.state !== 'resolved')
  const count = going.length === alerts.length ? `${alerts.length}` : `${going.length}/${alerts.length}`
  const head = alerts.length === 1 && first !== undefined ? summary(first) : `${group} (${count})`
  return {
    title: `[${state}] ${head}`,
    lines: [
      ...(alerts.length === 1 ? [] : alerts.slice(0, LONGEST_LIST).map(alert => `${mark(alert)} ${summary(alert)}`)),
      ...(more > 0 ? [`… ${more} ${labels[language].more}`] : []),
      ...(told.note === undefined ? [] : [told.note]),
    ],
    severity,
    status: status === 'escalated' ? 'firing' : status,
    command: status === 'resolved' ? undefined : (first?.next_command ?? `hagane alert show -n ${first?.id ?? ''}`),
    link: `${serverUrl}/ws/${event.workspace}/api/v1/alerts/${first?.id ?? ''}`,
    dedupKey: `hagane/${event.workspace}/${group}`,
    facts: [
      [labels[language].severity, severityWords[language][severity]],
      [labels[language].time, event.time],
    ],
  }
}

function wordsOfEvent({ event, language, serverUrl }: Telling, data: Record<string, unknown>): Words {
  const signal = alertSignal.safeParse(data.alert)
  const alert = signal.success ? signal.data : undefined
  const said = language === 'ja' ? (alert?.summary_ja ?? alert?.summary) : alert?.summary
  const message =
    typeof data.message === 'string' ? data.message : typeof data.error === 'string' ? data.error : undefined
  return {
    title: said ?? `${event.type.replace('dev.hagane.', '')}: ${event.subject}`,
    lines: message === undefined ? [] : [message.slice(0, 1000)],
    severity: alert?.severity ?? (/failed|down|dead|aborted|breached/.test(event.type) ? 'error' : 'info'),
    status: alert?.state ?? 'event',
    command: alert?.next_command,
    link: `${serverUrl}/ws/${event.workspace}/api/v1/events/${event.id}`,
    dedupKey: `hagane/${event.workspace}/${alert?.group ?? alert?.key ?? event.subject}`,
    facts: [
      [labels[language].subject, event.subject],
      [labels[language].actor, event.actor],
      [labels[language].time, event.time],
    ],
  }
}

/** All of it as plain text. */
export function plainText({ title, lines, command, link, facts }: Words, language: Language): string {
  const words = labels[language]
  return [
    title,
    ...lines,
    ...facts.map(([name, value]) => `${name}: ${value}`),
    ...(command === undefined ? [] : [`${words.next}: ${command}`]),
    `${words.link}: ${link}`,
  ].join('\n')
}
