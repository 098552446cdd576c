import {
  type AlertRuleSpec,
  type AlertSignal,
  alertRuleSpec,
  HaganeError,
  type MetricBound,
  serviceMetricDefinitions,
  serviceMetricOf,
} from '@hagane/contract'
import { compileRowFilter, type EventRow } from '../../../kernel/events/index.ts'
import type { RuleRow } from '../tables.ts'
import { type RuleState, type Timings, timingsOf } from './machine.ts'

/** A rule ready to look at events. */
export interface Rule {
  readonly id: string
  readonly workspace: string
  readonly sinceSeq: number
  readonly startedAt: number
  readonly spec: AlertRuleSpec
  readonly timings: Timings
  /** What an event is to the rule. Alerts and subscriptions are not looked at: a rule would feed itself. */
  looksAt(event: EventRow): 'counts' | 'ends' | undefined
}

export function ruleOf(row: RuleRow): Rule {
  const spec = alertRuleSpec.parse(JSON.parse(row.spec))
  return {
    ...ruleOfSpec(spec, row.workspace),
    id: row.id,
    sinceSeq: row.since_seq,
    startedAt: Date.parse(row.modified_at),
  }
}

/** Throws `invalid` for a condition that is none. */
export function ruleOfSpec(spec: AlertRuleSpec, workspace: string): Rule {
  if (spec.metric !== undefined && serviceMetricOf(spec.metric.metric) === undefined)
    throw unknownMetric(spec.metric.metric)
  const counts = spec.on === undefined ? () => false : compileRowFilter(spec.on, 'on')
  const ends = spec.resolve_on === undefined ? undefined : compileRowFilter(spec.resolve_on, 'resolve_on')
  return {
    ...{ id: '', workspace, sinceSeq: 0, startedAt: 0, spec, timings: timingsOf(spec) },
    looksAt(event) {
      if (event.workspace !== workspace || /^dev\.hagane\.(alert|alert-rule|silence)\./.test(event.type))
        return undefined
      if (ends?.(event)) return 'ends'
      return counts(event) ? 'counts' : undefined
    },
  }
}

const unknownMetric = (name: string): HaganeError =>
  new HaganeError('invalid', `metric.metric: there is no service metric '${name}'`, {
    details: [
      {
        property: 'metric.metric',
        message: 'not a service metric',
        sent: name,
        allowed: serviceMetricDefinitions.map(definition => definition.name),
      },
    ],
  })

const figure = (value: number | undefined): string => (value === undefined ? '?' : String(Number(value.toPrecision(4))))

function whatOf(spec: AlertRuleSpec, { count, value }: { count: string; value: string }): string {
  if (spec.metric !== undefined) return beyond(spec.metric, value)
  return spec.absent_for === undefined ? `${count} × ${patterns(spec)}` : `no ${patterns(spec)} for ${spec.absent_for}`
}

const beyond = ({ metric, subject, aggregation, above, below }: MetricBound, value: string): string =>
  `${metric}${aggregation === undefined ? '' : ` (${aggregation})`} of ${subject} is ${value}, ${above === undefined ? `below ${below}` : `above ${above}`}`

/** Each subject has an alert of its own where the rule says so. */
export const keyOf = (rule: Rule, subject: string): string => (rule.spec.by === 'subject' ? subject : '')

const filled = (text: string, values: Readonly<Record<string, string>>): string =>
  text.replace(/\{\{\s*(\w+)\s*\}\}/g, (whole, name: string) => values[name] ?? whole)

/** What a rule says when it fires or ends for a key. */
export function signalOf(rule: Rule, key: string, state: RuleState, over: boolean): AlertSignal {
  const { spec } = rule
  const subject = key === '' ? (spec.metric?.subject ?? spec.name) : key
  const values = {
    ...{ rule: spec.name, count: String(state.times.length), subject, value: figure(state.value) },
    name: subject.slice(subject.indexOf('/') + 1),
  }
  const what = whatOf(spec, values)
  const on = key === '' ? '' : ` (${key})`
  return {
    key: `alert-rule/${spec.name}${key === '' ? '' : `/${key}`}`,
    state: over ? 'resolved' : 'firing',
    severity: spec.severity,
    summary: filled(spec.summary ?? `${spec.name}${on}: ${what}`, values),
    ...(spec.summary_ja === undefined ? {} : { summary_ja: filled(spec.summary_ja, values) }),
    group: `alert-rule/${spec.name}`,
    labels: { rule: spec.name, ...spec.labels },
    next_command: filled(spec.next_command ?? `hagane alert-rule show -n ${spec.name}`, values),
    emails: spec.emails ?? [],
  }
}

const patterns = (spec: AlertRuleSpec): string => spec.on?.types?.join(', ').replaceAll('dev.hagane.', '') ?? 'events'
