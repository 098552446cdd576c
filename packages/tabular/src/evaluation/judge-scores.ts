import type { GateCheck, GateMetric, GateSpec, ScoreMetric } from '@hagane/contract'
import { bootstrap, type Interval } from './bootstrap.ts'
import { decide } from './decide.ts'
import { rowsWithTruth, type ScoredTable, scorerFor } from './scored-table.ts'
import { moreIsBetter, type Scorer } from './scores.ts'
import { type Slice, slicesOf } from './slices.ts'

interface Statistic {
  readonly check: Omit<GateCheck, 'result' | 'interval' | 'difference'>
  readonly bound: number
  readonly sign: 1 | -1
  readonly of: Scorer
}

/** What a gate demands of scores on the data: overall and, where it says so, in each slice. */
export function judgeScores(spec: GateSpec, candidate: ScoredTable, champion: ScoredTable | undefined): GateCheck[] {
  const metrics = spec.metrics.filter(({ source }) => source === 'data')
  const all = { rows: rowsWithTruth(candidate) }
  const slices = metrics.some(one => one.slices) ? slicesOf(spec, candidate, all.rows) : []
  return [all, ...slices].flatMap((slice: Slice) => {
    const wanted = metrics.filter(one => slice.name === undefined || one.slices)
    if (slice.rows.length < spec.minimum_rows) return wanted.map(one => tooFew(one, slice, spec))
    const statistics = wanted.flatMap(one => statisticsOf(spec, one, slice, candidate, champion))
    const intervals = bootstrap(
      slice.rows.length,
      statistics.map(one => one.of),
      spec.confidence,
    )
    return [
      ...statistics.map((one, i) => checked(one, intervals[i], spec)),
      ...(champion === undefined ? wanted.flatMap(one => withoutChampion(one, slice)) : []),
    ]
  })
}

function checked({ check, bound, sign, of }: Statistic, interval: Interval | undefined, spec: GateSpec): GateCheck {
  const value = of()
  const known = check.candidate !== null && check.champion !== null ? check.candidate - check.champion : null
  const shown: Interval | undefined = interval === undefined || sign === 1 ? interval : [-interval[1], -interval[0]]
  return {
    ...check,
    difference: known,
    ...(shown === undefined ? {} : { interval: shown }),
    result: decide({ value, interval, bound }, spec.decide_by),
    ...(value === null ? { note: 'not defined on these rows' } : {}),
  }
}

/** Each demand as a number that has to be at least a bound. */
function statisticsOf(
  spec: GateSpec,
  metric: GateMetric,
  slice: Slice,
  candidate: ScoredTable,
  champion: ScoredTable | undefined,
): Statistic[] {
  const name = metric.metric as ScoreMetric
  const mine = scorerFor(name, candidate, slice.rows, spec)
  const theirs = champion === undefined ? undefined : scorerFor(name, champion, slice.rows, spec)
  const check = (demand: string) => ({
    ...{ check: name, rows: slice.rows.length, candidate: mine(), champion: theirs?.() ?? null, demand },
    ...(slice.name === undefined ? {} : { slice: slice.name }),
  })
  const { min, max, min_improvement: improvement } = metric
  const negative: Scorer = weights => minus(mine(weights))
  return [
    ...(min === undefined ? [] : [{ check: check(`>= ${min}`), bound: min, sign: 1, of: mine } as const]),
    ...(max === undefined ? [] : [{ check: check(`<= ${max}`), bound: -max, sign: -1, of: negative } as const]),
    ...(improvement === undefined || theirs === undefined
      ? []
      : [
          {
            check: check(improvementText(metric)),
            bound: improvement,
            sign: 1,
            of: improvementOf(metric, mine, theirs),
          } as const,
        ]),
  ]
}

const minus = (value: number | null): number | null => (value === null ? null : -value)

/** How much better the candidate is, whichever way is better. */
const improvementOf =
  ({ metric, relative, greater_is_better }: GateMetric, mine: Scorer, theirs: Scorer): Scorer =>
  weights =>
    improvement(mine(weights), theirs(weights), greater_is_better ?? moreIsBetter(metric as ScoreMetric), relative)

/** null where one of both is not there, or a share of nothing is asked for. */
export function improvement(
  mine: number | null | undefined,
  theirs: number | null | undefined,
  isGreaterBetter: boolean,
  relative: boolean,
): number | null {
  if (mine === null || theirs === null || mine === undefined || theirs === undefined) return null
  const difference = isGreaterBetter ? mine - theirs : theirs - mine
  if (!relative) return difference
  return theirs === 0 ? null : difference / Math.abs(theirs)
}

export const improvementText = ({ min_improvement: least = 0, relative }: GateMetric): string =>
  `better by >= ${relative ? `${least * 100} %` : least}`

const named = (metric: GateMetric, slice: Slice) => ({
  ...{ check: metric.metric, rows: slice.rows.length, candidate: null, champion: null, difference: null },
  ...(slice.name === undefined ? {} : { slice: slice.name }),
})

/** Overall it cannot be told; a slice is left out. */
const tooFew = (metric: GateMetric, slice: Slice, { minimum_rows }: GateSpec): GateCheck => ({
  ...named(metric, slice),
  demand: `at least ${minimum_rows} rows`,
  result: slice.name === undefined ? 'inconclusive' : 'not judged',
  note: `${slice.rows.length} rows with a known truth`,
})

const withoutChampion = (metric: GateMetric, slice: Slice): GateCheck[] =>
  metric.min_improvement === undefined
    ? []
    : [
        {
          ...named(metric, slice),
          demand: improvementText(metric),
          result: 'not judged',
          note: 'there is no champion yet',
        },
      ]
