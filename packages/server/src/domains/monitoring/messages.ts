import type { AlertSignal, MonitorFinding } from '@hagane/contract'
import type { Change, Open } from './outcome.ts'

/** Findings that an event carries, the first ones. */
const MOST_TOLD = 20
/** Findings that a sentence names. */
const MOST_NAMED = 3
const SEVERITY: Readonly<Record<string, AlertSignal['severity']>> = {
  model_performance: 'error',
  estimated_performance: 'error',
}

/** What is told of a monitor. */
export interface Told {
  readonly monitor: string
  readonly run: string
  readonly endpoint: string | undefined
  readonly deployment: string | undefined
  readonly emails: readonly string[]
}

const number = (value: number | null): string => (value === null ? 'no value' : String(Number(value.toPrecision(4))))

/** `distance: normalized_wasserstein_distance 0.31 (threshold 0.1)` */
export function findingText({ feature, segment, metric, value, threshold, note }: MonitorFinding): string {
  const what = [segment, feature].filter(part => part !== undefined).join(', ')
  const limit = threshold === undefined ? '' : ` (threshold ${number(threshold)})`
  return `${what === '' ? '' : `${what}: `}${metric} ${number(value)}${limit}${note === undefined ? '' : `, ${note}`}`
}

const named = (findings: readonly MonitorFinding[], more: (n: number) => string): string => {
  const rest = findings.length - MOST_NAMED
  const texts = findings.slice(0, MOST_NAMED).map(findingText)
  return [...texts, ...(rest > 0 ? [more(rest)] : [])].join('; ')
}

const short = (text: string): string => (text.length <= 1000 ? text : `${text.slice(0, 999)}…`)
const placeOf = ({ endpoint, deployment, monitor }: Told): string =>
  endpoint === undefined ? monitor : `${endpoint}/${deployment}`

function alertOf(told: Told, signal: string, type: string): Omit<AlertSignal, 'state' | 'summary' | 'summary_ja'> {
  const { monitor, endpoint, deployment, emails } = told
  return {
    key: `monitor/${monitor}/${signal}`,
    severity: SEVERITY[type] ?? 'warning',
    group: `monitor/${monitor}`,
    labels: {
      ...{ monitor, signal, type },
      ...(endpoint === undefined ? {} : { endpoint }),
      ...(deployment === undefined ? {} : { deployment }),
    },
    next_command: `hagane monitor findings -n ${monitor}`,
    ...(emails.length === 0 ? {} : { emails: [...emails] }),
  }
}

/** The alert of a signal that is beyond its thresholds: with numbers, what to type next, and who asked to be told. */
export function firing(told: Told, type: string, { signal, opened, stayed }: Change): AlertSignal {
  const all = [...opened, ...stayed]
  const place = placeOf(told)
  return {
    ...alertOf(told, signal, type),
    state: 'firing',
    summary: short(`${place}: ${signal}: ${named(all, n => `and ${n} more`)}`),
    summary_ja: short(`${place}: ${signal} がしきい値を超えました: ${named(all, n => `ほか ${n} 件`)}`),
  }
}

/** The end of it. */
export function resolved(told: Told, type: string, signal: string, why?: string): AlertSignal {
  const place = placeOf(told)
  return {
    ...alertOf(told, signal, type),
    state: 'resolved',
    summary: short(`${place}: ${signal}: ${why ?? 'everything is within its thresholds again'}`),
    summary_ja: short(`${place}: ${signal} はしきい値内に戻りました${why === undefined ? '' : ` (${why})`}`),
  }
}

/** The findings of an event, the worst first. */
export const toldFindings = ({ opened, stayed }: Pick<Change, 'opened' | 'stayed'>): MonitorFinding[] =>
  [...opened, ...stayed].slice(0, MOST_TOLD)

export const closedFindings = (closed: readonly Open[]): MonitorFinding[] =>
  closed.slice(0, MOST_TOLD).map(({ finding }) => finding)
