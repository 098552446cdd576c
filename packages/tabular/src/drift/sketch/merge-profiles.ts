import { HaganeError } from '@hagane/contract'
import { addMoments } from '../statistics/weighted.ts'
import type { ColumnPlan, ColumnProfile, Profile } from '../types.ts'
import { CATEGORIES, mergeCategories, WORDS } from './category-sketch.ts'
import { mergeSketches } from './numeric-sketch.ts'

/** A profile of no rows, which changes nothing it is merged with. */
export const emptyProfile: Profile = { version: 1, rows: 0, columns: [] }

/**
 * The profile of all rows of all of them. The same as the profile of the whole, but for rounding of moments, and for the rarest of more
 * than 1,000 categories. A column that some of them do not have counts as missing there.
 */
export function mergeProfiles(...profiles: readonly Profile[]): Profile {
  const filled = profiles.filter(({ rows }) => rows > 0)
  const [first] = filled.length > 0 ? filled : profiles
  if (first === undefined) return emptyProfile
  const names = new Map(filled.flatMap(({ columns }) => columns.map(({ name, kind }) => [name, kind] as const)))
  const byName = filled.map(({ rows, columns }) => ({ rows, columns: new Map(columns.map(one => [one.name, one])) }))
  const columns = [...names].map(([name, kind]) =>
    mergeColumns(byName.map(({ rows, columns: own }) => own.get(name) ?? absentColumn(name, kind, rows))),
  )
  return filled.length === 0 ? first : { version: 1, rows: filled.reduce((sum, { rows }) => sum + rows, 0), columns }
}

export const absentColumn = (name: string, kind: ColumnProfile['kind'], rows: number): ColumnProfile => ({
  name,
  kind,
  count: 0,
  nulls: rows,
  infinite: 0,
  type_errors: 0,
})

function mergeColumns(columns: readonly ColumnProfile[]): ColumnProfile {
  const [{ name, kind }] = columns as readonly [ColumnProfile, ...ColumnProfile[]]
  const other = columns.find(one => one.kind !== kind)
  if (other !== undefined)
    throw new HaganeError('invalid', `column ${name} is ${kind} in one profile and ${other.kind} in another`, {
      hint: 'make every profile of a series with the plan of its reference',
    })
  const sum = (of: 'count' | 'nulls' | 'infinite' | 'type_errors') => columns.reduce((all, one) => all + one[of], 0)
  return {
    ...{ name, kind, count: sum('count'), nulls: sum('nulls') },
    ...{ infinite: sum('infinite'), type_errors: sum('type_errors') },
    ...mergedNumbers(columns),
    ...merged(columns, 'categories', all => mergeCategories(all, kind === 'text' ? WORDS : CATEGORIES)),
    ...merged(columns, 'lengths', mergeSketches),
  }
}

function mergedNumbers(columns: readonly ColumnProfile[]): Partial<ColumnProfile> {
  const numeric = columns.filter(({ numbers }) => numbers !== undefined)
  if (numeric.length === 0) return {}
  const whole = columns.every(one => one.whole === true)
  const counted = numeric.filter(({ count }) => count > 0)
  if (counted.length < 2) return { ...rangeIn((counted[0] ?? numeric[0]) as ColumnProfile), whole }
  const moments = counted.map(momentsIn).reduce(addMoments)
  return {
    min: counted.reduce((least, { min }) => Math.min(least, min as number), Number.POSITIVE_INFINITY),
    max: counted.reduce((most, { max }) => Math.max(most, max as number), Number.NEGATIVE_INFINITY),
    ...{ mean: moments.mean, m2: moments.m2 },
    ...merged(counted, 'numbers', mergeSketches),
    whole,
  }
}

const rangeIn = ({ min, max, mean, m2, numbers }: ColumnProfile): Partial<ColumnProfile> => ({
  ...(min === undefined || max === undefined ? {} : { min, max, mean: mean ?? 0, m2: m2 ?? 0 }),
  ...(numbers === undefined ? {} : { numbers }),
})

export const momentsIn = ({ count, mean = 0, m2 = 0 }: ColumnProfile) => ({ count, mean, m2 })

function merged<K extends 'numbers' | 'categories' | 'lengths'>(
  columns: readonly ColumnProfile[],
  part: K,
  how: (parts: NonNullable<ColumnProfile[K]>[]) => ColumnProfile[K],
): Partial<ColumnProfile> {
  const parts = columns.flatMap(({ [part]: one }) => (one === undefined ? [] : [one as NonNullable<ColumnProfile[K]>]))
  return parts.length === 0 ? {} : { [part]: how(parts) }
}

/** What later hours are to be profiled as, so that they can be compared with this. */
export const planOf = ({ columns }: Profile): ColumnPlan => columns.map(({ name, kind }) => ({ name, kind }))
