import type { GateCheck, GateMetric, GateSpec, ScoreMetric } from '@hagane/contract'
import { decide } from './decide.ts'
import { judgeFairness } from './judge-fairness.ts'
import { improvement, improvementText, judgeScores } from './judge-scores.ts'
import { readScored, type ScoredTable } from './scored-table.ts'
import { moreIsBetter } from './scores.ts'

/** What is known of a model that a gate judges. */
export interface JudgedModel {
  /** What a scoring step wrote of it. */
  readonly scored?: string | undefined
  readonly bytes: number
  /** Metrics of its run and of the evaluation component. */
  readonly metrics: {
    readonly run: Readonly<Record<string, number>>
    readonly component: Readonly<Record<string, number>>
  }
}

export interface JudgeRequest {
  readonly kind: 'judge'
  readonly spec: GateSpec
  readonly candidate: JudgedModel
  readonly champion?: JudgedModel | undefined
}

/** Judges a candidate by all demands of a gate, beside a champion if there is one. The same files give the same table. */
export function judge({ spec, candidate, champion }: JudgeRequest): GateCheck[] {
  const mine = candidate.scored === undefined ? undefined : readScored(candidate.scored)
  const theirs = champion?.scored === undefined ? undefined : readScored(champion.scored)
  return [
    ...(mine === undefined ? [] : judgeScores(spec, mine, theirs)),
    ...spec.metrics.flatMap(one => (one.source === 'data' ? [] : judgeKnown(one, candidate, champion))),
    ...(mine === undefined ? [] : [...judgeFairness(spec, mine), ...judgeTimes(spec, mine, theirs)]),
    ...judgeSize(spec, candidate.bytes, champion?.bytes),
  ]
}

interface Pair {
  check: string
  candidate: number | null
  champion: number | null
}

/** A number that has no interval: at most a bound, at least one. */
const atMost = (pair: Pair, value: number | null, most: number, demand: string): GateCheck =>
  told(pair, { value: value === null ? null : -value, bound: -most }, demand)
const told = (pair: Pair, demand: { value: number | null; bound: number }, text: string): GateCheck => ({
  ...pair,
  difference: pair.candidate !== null && pair.champion !== null ? pair.candidate - pair.champion : null,
  demand: text,
  result: decide(demand, 'value'),
  ...(demand.value === null ? { note: 'not known' } : {}),
})
const notJudged = (pair: Pair, demand: string): GateCheck => ({
  ...{ ...pair, difference: null, demand },
  ...{ result: 'not judged', note: 'there is no champion yet' },
})

function judgeKnown(metric: GateMetric, candidate: JudgedModel, champion?: JudgedModel): GateCheck[] {
  const source = metric.source === 'run' ? 'run' : 'component'
  const of = (model: JudgedModel | undefined) => model?.metrics[source][metric.metric] ?? null
  const pair = { check: `${metric.metric} (${source})`, candidate: of(candidate), champion: of(champion) }
  const isGreaterBetter =
    metric.greater_is_better ??
    (!/loss|error|^(mae|mse|rmse)$/i.test(metric.metric) && moreIsBetter(metric.metric as ScoreMetric))
  const { min, max, min_improvement: least } = metric
  const better = improvement(pair.candidate, pair.champion, isGreaterBetter, metric.relative)
  return [
    ...(min === undefined ? [] : [told(pair, { value: pair.candidate, bound: min }, `>= ${min}`)]),
    ...(max === undefined ? [] : [atMost(pair, pair.candidate, max, `<= ${max}`)]),
    ...(least === undefined
      ? []
      : [
          champion === undefined
            ? notJudged(pair, improvementText(metric))
            : told(pair, { value: better, bound: least }, improvementText(metric)),
        ]),
  ]
}

function percentileOf(values: readonly number[] | null | undefined, percent: number): number | null {
  if (values === null || values === undefined || values.length === 0) return null
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.ceil((percent / 100) * sorted.length) - 1)] ?? null
}

function judgeTimes({ latency, cost }: GateSpec, mine: ScoredTable, theirs: ScoredTable | undefined): GateCheck[] {
  const at = (percent: number): Pair => ({
    check: `latency p${percent} ms`,
    candidate: percentileOf(mine.latency_ms, percent),
    champion: percentileOf(theirs?.latency_ms, percent),
  })
  const price = (table: ScoredTable | undefined) =>
    table === undefined || cost === undefined ? null : (table.seconds / table.rows / 3600) * cost.per_hour * 1_000_000
  const [p50, p99] = [at(50), at(99)]
  const priced = { check: 'cost of a million rows', candidate: price(mine), champion: price(theirs) }
  return [
    ...(latency?.p50_ms === undefined ? [] : [atMost(p50, p50.candidate, latency.p50_ms, `<= ${latency.p50_ms}`)]),
    ...(latency?.p99_ms === undefined ? [] : [atMost(p99, p99.candidate, latency.p99_ms, `<= ${latency.p99_ms}`)]),
    ...(latency?.max_increase === undefined ? [] : [increase(p99, latency.max_increase, theirs !== undefined)]),
    ...(cost === undefined
      ? []
      : [atMost(priced, priced.candidate, cost.max_per_million, `<= ${cost.max_per_million}`)]),
  ]
}

function increase(pair: Pair, most: number, hasChampion: boolean): GateCheck {
  const demand = `at most ${most * 100} % more`
  if (!hasChampion) return notJudged(pair, demand)
  const { candidate, champion } = pair
  return atMost(
    pair,
    candidate === null || champion === null || champion === 0 ? null : candidate / champion - 1,
    most,
    demand,
  )
}

function judgeSize({ size }: GateSpec, mine: number, theirs: number | undefined): GateCheck[] {
  if (size === undefined) return []
  const megabytes = (bytes: number | undefined) => (bytes === undefined ? null : bytes / 1_000_000)
  const pair = { check: 'size MB', candidate: megabytes(mine), champion: megabytes(theirs) }
  return [
    ...(size.max_mb === undefined ? [] : [atMost(pair, pair.candidate, size.max_mb, `<= ${size.max_mb}`)]),
    ...(size.max_increase === undefined ? [] : [increase(pair, size.max_increase, theirs !== undefined)]),
  ]
}
