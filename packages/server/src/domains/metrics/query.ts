import {
  HaganeError,
  type MetricSeries,
  metricAggregation,
  metricSubject,
  parseOrThrow,
  serviceMetricDefinitions,
  serviceMetricOf,
} from '@hagane/contract'
import type { Database } from '../../kernel/db/index.ts'
import { aggregationsOf, type Measure, type Stretch, valueOver } from './measure.ts'
import { figuresOf, subjectsBelow } from './reads.ts'
import { type Retention, type Span, spanOf } from './span.ts'

/** A question about one service metric. Times are RFC 3339 or a Date. */
export interface MetricQuestion {
  /** A name of `serviceMetricDefinitions`, or a part of one: `requests/503`. */
  metric: string
  /** `endpoint/<e>/deployment/<d>`, `endpoint/<e>`, `job/<name>` …; what stands below it is meant too. */
  subject: string
  /** One hour before `until` without it. */
  since?: string | Date | undefined
  /** Now without it. */
  until?: string | Date | undefined
  /** Seconds; about 120 steps without it. */
  step?: number | undefined
  /** See `aggregationsOf`; the first of the metric's kind without it. */
  aggregation?: string | undefined
  /** From 0 to 1: of a histogram, instead of `aggregation`. */
  quantile?: number | undefined
}

const hour = 3600
const mostSubjects = 1000

export interface QueryDeps {
  db: Database
  retention: Retention
}

/** Answers a question with one value over the whole time and one for each step. Throws invalid with what is allowed. */
export async function seriesOf(deps: QueryDeps, workspace: string, asked: MetricQuestion): Promise<MetricSeries> {
  const measure = measureOf(asked)
  const now = Math.floor(deps.db.clock.now().getTime() / 1000)
  const until = secondsOf('until', asked.until) ?? lastFull(now)
  const since = secondsOf('since', asked.since) ?? until - hour
  const span = spanOf({ since, until, step: asked.step }, now, deps.retention)
  const subject = canonical(parseOrThrow(metricSubject, asked.subject, 'subject'))
  const kept = await keptOf(deps.db, workspace, subject, span)
  const end = Math.min(span.to, Math.max(now, span.from + 1))
  const { definition } = measure
  return {
    ...{ metric: asked.metric, subject, aggregation: measure.aggregation },
    ...{ kind: definition.kind, unit: unitOf(measure) },
    ...{ since: timeOf(span.from), until: timeOf(span.to), step: span.step, resolution: span.resolution },
    value: valueOver(measure, kept, end - span.from) ?? null,
    points: pointsOf(measure, kept, span, end),
  }
}

/** Figures are told at every full ten seconds. */
const lastFull = (now: number): number => Math.floor(now / 10) * 10

/** Events name a deployment `deployment/<endpoint>/<name>`; it is the same subject. */
const canonical = (subject: string): string =>
  subject.replace(/^deployment\/([^/]+)\/([^/]+)$/, 'endpoint/$1/deployment/$2')

async function keptOf(db: Database, workspace: string, subject: string, span: Span) {
  const subjects = await subjectsBelow(db, workspace, subject, span.from, mostSubjects + 1)
  if (subjects.length > mostSubjects)
    throw new HaganeError('invalid', `more than ${mostSubjects} things are measured below ${subject}`, {
      hint: 'name one of them; GET /api/v1/metrics/subjects lists them',
    })
  return figuresOf(db, workspace, subjects, span)
}

function pointsOf(measure: Measure, kept: readonly Stretch[], { from, to, step }: Span, end: number) {
  const byStep = Map.groupBy(kept, ({ bucket }) => Math.floor(bucket / step) * step)
  const points: MetricSeries['points'] = []
  for (let at = Math.floor(from / step) * step; at < to; at += step) {
    const seconds = Math.min(at + step, end) - Math.max(at, from)
    points.push({ time: timeOf(at), value: valueOver(measure, byStep.get(at) ?? [], Math.max(1, seconds)) ?? null })
  }
  return points
}

function measureOf({ metric, aggregation, quantile }: MetricQuestion): Measure {
  const definition = serviceMetricOf(metric)
  if (definition === undefined)
    throw new HaganeError('invalid', `there is no service metric '${metric}'`, {
      details: [
        {
          property: 'metric',
          message: 'unknown metric',
          sent: metric,
          allowed: serviceMetricDefinitions.map(({ name }) => name).join(', '),
        },
      ],
      hint: 'GET /api/v1/metrics/names tells what each means',
    })
  const allowed = aggregationsOf[definition.kind]
  const asked = quantile === undefined ? aggregation : `p${Number((quantile * 100).toFixed(3))}`
  const chosen = parseOrThrow(metricAggregation, asked ?? (allowed[0] as string), 'aggregation')
  const fits = allowed.includes(chosen) || (definition.kind === 'histogram' && chosen.startsWith('p'))
  if (!fits)
    throw new HaganeError('invalid', `${definition.name} is a ${definition.kind} and has no '${chosen}'`, {
      details: [{ property: 'aggregation', message: 'not of this metric', sent: chosen, allowed: allowed.join(', ') }],
    })
  return { metric, definition, aggregation: chosen }
}

function unitOf({ definition, aggregation }: Measure): string {
  if (aggregation === 'rate') return `${definition.kind === 'histogram' ? '1' : definition.unit}/s`
  return aggregation === 'count' ? '1' : definition.unit
}

function secondsOf(name: string, time: string | Date | undefined): number | undefined {
  if (time === undefined) return undefined
  const ms = new Date(time).getTime()
  if (Number.isNaN(ms)) throw new HaganeError('invalid', `${name} must be a time as RFC 3339, found '${String(time)}'`)
  return ms / 1000
}

const timeOf = (seconds: number): string => new Date(seconds * 1000).toISOString()
