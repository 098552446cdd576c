import type { FeatureSummary } from '@hagane/contract'
import type { Engine } from '../../engine.ts'
import type { NumberColumn } from '../../number-columns.ts'
import { identifier } from '../../sql-text.ts'
import { type MeasuredFeature, qualityMetrics } from '../measured.ts'
import { type Feature, numberOf, type Side } from '../sides/side.ts'
import { numericMetrics } from '../statistics/numeric-metrics.ts'
import { pictureOf } from '../statistics/picture.ts'
import {
  amongFirst,
  deviationOf,
  type Moments,
  momentsOf,
  valuesBelow,
  type Weighted,
  weightedOf,
} from '../statistics/weighted.ts'
import { sortNumbers } from './sort-numbers.ts'

/** Numbers of one side that are in memory at once, for the columns at work; the next ones are read meanwhile. */
const VALUES_AT_ONCE = 1_000_000
const COLUMNS_AT_ONCE = 2

interface Loaded {
  readonly reference: NumberColumn[]
  readonly current: NumberColumn[]
}

/**
 * Measures numeric columns exactly: each is read out of DuckDB once, sorted, and every metric is a walk over the two sorted sides.
 * A few columns at a time, so that memory follows the rows and not the columns.
 */
export async function measureNumbers(
  engine: Engine,
  reference: Side,
  current: Side,
  features: readonly Feature[],
): Promise<MeasuredFeature[]> {
  const errors = await typeErrors(engine, current, features)
  const rows = Math.max(reference.rows, current.rows, 1)
  const atOnce = Math.max(1, Math.min(COLUMNS_AT_ONCE, Math.floor(VALUES_AT_ONCE / rows)))
  const groups = Array.from({ length: Math.ceil(features.length / atOnce) }, (_, i) =>
    features.slice(i * atOnce, (i + 1) * atOnce),
  )
  const load = async (group: readonly Feature[]): Promise<Loaded> => {
    const [then, now] = await Promise.all([
      engine.numbers(select(group, 'referenceType', reference)),
      engine.numbers(select(group, 'currentType', current)),
    ])
    return { reference: then, current: now }
  }
  const scratch = new Float64Array(rows)
  const measured: MeasuredFeature[] = []
  let next = groups[0] === undefined ? undefined : load(groups[0])
  for (const [i, group] of groups.entries()) {
    const loaded = await next
    const following = groups[i + 1]
    if (atOnce > 1) letGo()
    next = following === undefined ? undefined : load(following)
    for (const [at, feature] of group.entries()) {
      const columns = { reference: loaded?.reference[at], current: loaded?.current[at] } as Sides
      measured.push(measure(feature, columns, current.rows, errors.get(feature.name) ?? 0, scratch))
    }
  }
  letGo()
  return measured
}

/**
 * Frees the arrays of the columns before, and what DuckDB answered them with: the garbage collector does not see how much lies behind
 * small objects, and by itself came after the last column. Where it is not exposed nothing happens; large columns it sees.
 */
const letGo = (): void => void globalThis.gc?.({ execution: 'sync', type: 'major' })

interface Sides {
  readonly reference: NumberColumn
  readonly current: NumberColumn
}

const select = (group: readonly Feature[], of: 'referenceType' | 'currentType', { relation }: Side): string =>
  `select ${group.map((one, i) => `${numberOf(one.name, one[of], one.kind)} as c${i}`).join(', ')} from (${relation.sql})`

function measure(
  feature: Feature,
  { reference, current }: Sides,
  rows: number,
  errors: number,
  scratch: Float64Array,
): MeasuredFeature {
  const [then, now] = [sorted(reference, scratch), sorted(current, scratch)]
  const moments = [momentsOf(then), momentsOf(now)] as const
  const histogram = feature.kind === 'numeric' ? pictureOf(then, now) : undefined
  const whole = feature.whole && reference.missing + current.missing === 0
  return {
    feature: feature.name,
    kind: feature.kind,
    metrics: numericMetrics(then, now, whole, moments),
    quality: qualityMetrics({
      rows,
      present: now.total + current.infinite,
      nulls: current.missing - errors,
      typeErrors: errors,
      outside: then.total === 0 ? 0 : outside(then, now) + current.infinite,
    }),
    reference: summary(then, moments[0], reference, 0),
    current: summary(now, moments[1], current, errors),
    ...(histogram === undefined ? {} : { histogram }),
  }
}

/** Sorts in place, and counts what repeats. */
export function sorted({ values }: NumberColumn, scratch: Float64Array): Weighted {
  sortNumbers(values, scratch.subarray(0, values.length))
  return weightedOf(values)
}

function outside({ values }: Weighted, current: Weighted): number {
  const below = amongFirst(current, valuesBelow(current.values, values[0] as number))
  const within = amongFirst(current, valuesBelow(current.values, values.at(-1) as number, true))
  return below + current.total - within
}

const summary = (numbers: Weighted, moments: Moments, column: NumberColumn, errors: number): FeatureSummary => ({
  count: numbers.total,
  nulls: column.missing - errors,
  infinite: column.infinite,
  type_errors: errors,
  distinct: numbers.values.length,
  ...(numbers.total === 0
    ? {}
    : {
        min: numbers.values[0] as number,
        max: numbers.values.at(-1) as number,
        mean: moments.mean,
        std: deviationOf(moments),
      }),
})

/** Values of now that are there and are no numbers (or times), where the column is text. */
export async function typeErrors(
  engine: Engine,
  { relation }: Side,
  features: readonly Feature[],
): Promise<Map<string, number>> {
  const suspects = features.filter(({ currentType }) => /^(VARCHAR|ENUM)/.test(currentType))
  if (suspects.length === 0) return new Map()
  const counts = suspects.map(({ name, kind }, i) => {
    const column = identifier(name)
    return `count(${column}) - count(try_cast(${column}::varchar as ${kind === 'time' ? 'timestamp' : 'double'})) as c${i}`
  })
  const [found = {}] = await engine.rows(`select ${counts.join(', ')} from (${relation.sql})`)
  return new Map(suspects.map(({ name }, i) => [name, Number(found[`c${i}`])]))
}
