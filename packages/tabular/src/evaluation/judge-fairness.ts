import type { GateCheck, GateFairness, GateSpec } from '@hagane/contract'
import { bootstrap, type Interval } from './bootstrap.ts'
import { decide } from './decide.ts'
import { rowsWithTruth, type ScoredTable, scorerFor, selectionRate } from './scored-table.ts'
import type { Scorer } from './scores.ts'
import { groupsOf } from './slices.ts'

/** What a gate demands of the differences between groups of people or things, for the candidate alone. */
export const judgeFairness = (spec: GateSpec, candidate: ScoredTable): GateCheck[] =>
  spec.fairness.flatMap(one => ofColumn(spec, one, candidate))

function ofColumn(spec: GateSpec, { column, metric, ...limits }: GateFairness, candidate: ScoredTable): GateCheck[] {
  const isRate = metric === 'selection_rate'
  const rows = isRate && candidate.truth === null ? candidate.prediction.map((_, row) => row) : rowsWithTruth(candidate)
  const groups = [...groupsOf(candidate.columns[column] ?? [], rows)].filter(
    ([, found]) => found.length >= spec.minimum_rows,
  )
  const name = `${metric} between ${column}`
  if (groups.length < 2) return [cannotBeTold(name, column, groups.length)]
  const judged = groups.flatMap(([, found]) => found)
  const scorers = groups.map(([, found]) =>
    isRate ? selectionRate(candidate, found, spec) : scorerFor(metric, candidate, found, spec),
  )
  const lengths = groups.map(([, found]) => found.length)
  const extremes = (drawn?: Uint16Array): [number, number] | null => extremesOf(scorers, lengths, drawn)
  const statistics = [
    limits.max_difference === undefined
      ? undefined
      : { demand: `difference <= ${limits.max_difference}`, bound: -limits.max_difference, sign: -1, of: spread },
    limits.min_ratio === undefined
      ? undefined
      : { demand: `ratio >= ${limits.min_ratio}`, bound: limits.min_ratio, sign: 1, of: ratio },
  ].filter(one => one !== undefined)
  const intervals = bootstrap(
    judged.length,
    statistics.map(one => drawn => one.of(extremes(drawn))),
    spec.confidence,
  )
  const told = groups.map(([group], i) => `${group}: ${shown(scorers[i]?.() ?? null)}`).join(', ')
  return statistics.map(({ demand, bound, sign, of }, i) => {
    const [value, interval] = [of(extremes()), intervals[i]]
    return {
      ...{
        check: name,
        rows: judged.length,
        candidate: value === null ? null : sign * value,
        champion: null,
        difference: null,
      },
      ...(interval === undefined
        ? {}
        : { interval: sign === 1 ? interval : ([-interval[1], -interval[0]] as Interval) }),
      demand,
      result: decide({ value, interval, bound }, spec.decide_by),
      note: told.slice(0, 500),
    }
  })
}

/** The least and the greatest score of the groups; `drawn` counts the rows of all groups, one group after the other. */
function extremesOf(
  scorers: readonly Scorer[],
  lengths: readonly number[],
  drawn?: Uint16Array,
): [number, number] | null {
  let [low, high, first] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0]
  for (const [i, score] of scorers.entries()) {
    const after = first + (lengths[i] ?? 0)
    const value = score(drawn?.subarray(first, after))
    first = after
    if (value === null) return null
    low = Math.min(low, value)
    high = Math.max(high, value)
  }
  return [low, high]
}

const spread = (found: [number, number] | null): number | null => (found === null ? null : found[0] - found[1])
const ratio = (found: [number, number] | null): number | null =>
  found === null ? null : found[1] === 0 ? 1 : found[0] / found[1]
const shown = (value: number | null): string => (value === null ? '-' : value.toPrecision(4))

const cannotBeTold = (check: string, column: string, groups: number): GateCheck => ({
  ...{ check, candidate: null, champion: null, difference: null },
  demand: 'two groups or more',
  result: 'inconclusive',
  note: `${groups} values of '${column}' have enough rows`,
})
