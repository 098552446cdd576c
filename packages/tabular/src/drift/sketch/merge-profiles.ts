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
    byName.map(({ rows, columns: own }) => own.get(name) ?? absentColumn(name, kind, rows)).reduce(mergeColumns),
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

function mergeColumns(a: ColumnProfile, b: ColumnProfile): ColumnProfile {
  if (a.kind !== b.kind)
    throw new HaganeError('invalid', `column ${a.name} is ${a.kind} in one profile and ${b.kind} in another`, {
      hint: 'make every profile of a series with the plan of its reference',
    })
  const sum = (of: 'count' | 'nulls' | 'infinite' | 'type_errors') => a[of] + b[of]
  return {
    name: a.name,
    kind: a.kind,
    count: sum('count'),
    nulls: sum('nulls'),
    infinite: sum('infinite'),
    type_errors: sum('type_errors'),
    ...mergedNumbers(a, b),
    ...merged(a.categories, b.categories, 'categories', (x, y) =>
      mergeCategories(x, y, a.kind === 'text' ? WORDS : CATEGORIES),
    ),
    ...merged(a.lengths, b.lengths, 'lengths', mergeSketches),
  }
}

function mergedNumbers(a: ColumnProfile, b: ColumnProfile): Partial<ColumnProfile> {
  if (a.numbers === undefined && b.numbers === undefined) return {}
  const whole = a.whole === true && b.whole === true
  const [one, other] = [a, b].filter(({ count, numbers }) => count > 0 && numbers !== undefined)
  if (one === undefined || other === undefined) {
    return { ...rangeIn(one ?? (a.numbers === undefined ? b : a)), whole }
  }
  const moments = addMoments(momentsIn(one), momentsIn(other))
  return {
    min: Math.min(one.min as number, other.min as number),
    max: Math.max(one.max as number, other.max as number),
    mean: moments.mean,
    m2: moments.m2,
    ...merged(one.numbers, other.numbers, 'numbers', mergeSketches),
    whole,
  }
}

const rangeIn = ({ min, max, mean, m2, numbers }: ColumnProfile): Partial<ColumnProfile> => ({
  ...(min === undefined || max === undefined ? {} : { min, max, mean: mean ?? 0, m2: m2 ?? 0 }),
  ...(numbers === undefined ? {} : { numbers }),
})

export const momentsIn = ({ count, mean = 0, m2 = 0 }: ColumnProfile) => ({ count, mean, m2 })

function merged<K extends string, T>(a: T | undefined, b: T | undefined, name: K, how: (a: T, b: T) => T) {
  const both = a === undefined ? b : b === undefined ? a : how(a, b)
  return both === undefined ? {} : ({ [name]: both } as { [P in K]: T })
}

/** What later hours are to be profiled as, so that they can be compared with this. */
export const planOf = ({ columns }: Profile): ColumnPlan => columns.map(({ name, kind }) => ({ name, kind }))
