import type { DriftReport, DriftThresholds, FeatureSummary } from '@hagane/contract'
import { type MeasuredFeature, qualityMetrics } from '../measured.ts'
import { categoryMetrics } from '../statistics/category-metrics.ts'
import { cumulativeDistances, sumOf } from '../statistics/distances.ts'
import { type Measured, normalized, numericMetrics, withoutValue } from '../statistics/numeric-metrics.ts'
import { amongFirst, deviationOf, momentsOf, valuesBelow, type Weighted } from '../statistics/weighted.ts'
import type { ColumnProfile, Profile } from '../types.ts'
import { judged, reportOf } from '../verdicts.ts'
import { newValues, pairedCategories } from './category-sketch.ts'
import { absentColumn, momentsIn } from './merge-profiles.ts'
import { alignedSketches, type Ranged, rangedBySketch } from './numeric-sketch.ts'

const TOP = 10
const NEW = 20

export interface CompareProfilesOptions {
  readonly thresholds?: DriftThresholds
  readonly features?: readonly string[]
  /** Column of times and the moment that freshness counts to, RFC 3339. */
  readonly time?: string
  readonly now?: string
}

/**
 * The same report as from the tables, from their profiles alone: exact for columns of at most 1,024 numbers or 1,000 categories, otherwise to
 * the resolution of the sketches. Domain classifiers and duplicates need rows and have no value.
 */
export function compareProfiles(
  reference: Profile,
  current: Profile,
  options: CompareProfilesOptions = {},
): DriftReport {
  const now = new Map(current.columns.map(column => [column.name, column]))
  const measured = reference.columns
    .filter(({ name }) => options.features?.includes(name) ?? true)
    .filter(({ name }) => now.has(name) || current.rows > 0)
    .map(column =>
      measure(column, now.get(column.name) ?? absentColumn(column.name, column.kind, current.rows), current.rows),
    )
  const thresholds = options.thresholds ?? {}
  const names = ({ columns }: Profile) => columns.map(({ name }) => name)
  const only = (a: Profile, b: Profile) => names(a).filter(name => !names(b).includes(name))
  return reportOf(
    {
      reference: { rows: reference.rows },
      current: { rows: current.rows },
      exact: false,
      only_reference: only(reference, current),
      only_current: only(current, reference),
    },
    judged(measured, thresholds, reference.rows),
    tableMetrics(reference, current, options),
    thresholds,
  )
}

function measure(then: ColumnProfile, now: ColumnProfile, rows: number): MeasuredFeature {
  const { name: feature, kind } = then
  const sides = { feature, kind, reference: summary(then), current: summary(now) }
  if (kind === 'text') return { ...sides, metrics: textMetrics(then, now), quality: quality(now, rows, 0) }
  if (kind === 'numeric' || kind === 'time') {
    const [a, b] = alignedSketches(ranged(then), ranged(now))
    return {
      ...sides,
      metrics: numericMetrics(a, b, then.whole === true && now.whole === true, [momentsIn(then), momentsIn(now)]),
      quality: quality(now, rows, a.total === 0 ? 0 : outside(then, now, b) + now.infinite),
    }
  }
  const [a, b] = [then.categories ?? noCategories, now.categories ?? noCategories]
  const fresh = newValues(a, b)
  const unknown = fresh.reduce((sum, { count }) => sum + count, 0)
  return {
    ...sides,
    metrics: categoryMetrics(pairedCategories(a, b)),
    quality: quality(now, rows, unknown, unknown),
    ...(fresh.length === 0 ? {} : { new_categories: fresh.slice(0, NEW) }),
  }
}

const noCategories = { values: [], counts: [], other: 0 }
const noNumbers = { exponent: -1000, buckets: [], counts: [] }

const ranged = ({ numbers = noNumbers, min = 0, max = 0 }: ColumnProfile): Ranged => ({ sketch: numbers, min, max })

function quality(now: ColumnProfile, rows: number, outsideOf: number, newCategories?: number): Measured[] {
  return qualityMetrics({
    rows,
    present: now.count + now.infinite,
    nulls: now.nulls,
    typeErrors: now.type_errors,
    outside: outsideOf,
    ...(newCategories === undefined ? {} : { newCategories }),
  })
}

function outside(then: ColumnProfile, now: ColumnProfile, numbers: Weighted): number {
  if (now.count === 0 || then.min === undefined || then.max === undefined) return 0
  const below = amongFirst(numbers, valuesBelow(numbers.values, then.min))
  return below + numbers.total - amongFirst(numbers, valuesBelow(numbers.values, then.max, true))
}

function textMetrics(then: ColumnProfile, now: ColumnProfile): Measured[] {
  if (then.count === 0 || now.count === 0 || then.lengths === undefined || now.lengths === undefined)
    return withoutValue(['text_length_distance', 'out_of_vocabulary_rate'], 'there is no text on one side')
  const [a, b] = alignedSketches(rangedBySketch(then.lengths), rangedBySketch(now.lengths))
  const [known, words] = [new Set(then.categories?.values), now.categories ?? noCategories]
  const total = sumOf(words.counts) + words.other
  const strange = words.values.reduce((sum, word, i) => sum + (known.has(word) ? 0 : (words.counts[i] ?? 0)), 0)
  return [
    { metric: 'text_length_distance', value: normalized(cumulativeDistances(a, b).wasserstein, momentsOf(a)) },
    total === 0
      ? { metric: 'out_of_vocabulary_rate', value: null, reason: 'there are no words' }
      : { metric: 'out_of_vocabulary_rate', value: strange / total },
  ]
}

function summary(column: ColumnProfile): FeatureSummary {
  const { count, nulls, infinite, type_errors, min, max, mean, categories, kind } = column
  return {
    ...{ count, nulls, infinite, type_errors },
    ...(min === undefined || max === undefined ? {} : { min, max, mean, std: deviationOf(momentsIn(column)) }),
    ...(categories === undefined || kind === 'text'
      ? {}
      : { top: categories.values.slice(0, TOP).map((value, i) => ({ value, count: categories.counts[i] ?? 0 })) }),
  }
}

function tableMetrics(reference: Profile, current: Profile, { time, now }: CompareProfilesOptions): Measured[] {
  const newest = current.columns.find(({ name }) => name === time)?.max
  const moment = now === undefined ? Date.now() : Date.parse(now)
  return [
    reference.rows === 0
      ? { metric: 'volume_ratio', value: null, reason: 'the reference has no rows' }
      : { metric: 'volume_ratio', value: current.rows / reference.rows },
    ...(time === undefined
      ? []
      : [
          newest === undefined
            ? { metric: 'freshness' as const, value: null, reason: `${time} holds no time` }
            : { metric: 'freshness' as const, value: moment / 1000 - newest },
        ]),
  ]
}
