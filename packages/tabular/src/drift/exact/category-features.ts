import type { FeatureSummary } from '@hagane/contract'
import type { Engine } from '../../engine.ts'
import { identifier, literal } from '../../sql-text.ts'
import { type MeasuredFeature, qualityMetrics } from '../measured.ts'
import { categoryOf, type Feature, type Side } from '../sides/side.ts'
import { categoryMetrics } from '../statistics/category-metrics.ts'
import { sumOf } from '../statistics/distances.ts'

/** Columns counted by one statement. */
const AT_ONCE = 8
const TOP = 10
const NEW = 20
const LONGEST = 200

/** Measures columns of categories exactly: one statement counts every value of some columns on both sides. */
export async function measureCategories(
  engine: Engine,
  reference: Side,
  current: Side,
  features: readonly Feature[],
): Promise<MeasuredFeature[]> {
  const measured: MeasuredFeature[] = []
  for (let from = 0; from < features.length; from += AT_ONCE)
    measured.push(...(await measureSome(engine, reference, current, features.slice(from, from + AT_ONCE))))
  return measured
}

async function measureSome(
  engine: Engine,
  reference: Side,
  current: Side,
  features: readonly Feature[],
): Promise<MeasuredFeature[]> {
  const counts = features.map((feature, i) => countsOf(feature, i, reference, current)).join(' union all ')
  await engine.run(`create or replace temp table counted as ${counts}`)
  const [which = noCounts, before = noCounts, after = noCounts] = await engine.doubles(
    'select f::double, r::double, c::double from counted order by f, v',
  )
  const named = await engine.rows<{ f: number; v: string; r: string; c: string; place: string; fresh: string }>(
    `select * from (select f, left(v, ${LONGEST}) as v, r, c, row_number() over (partition by f order by r + c desc, v) as place,
       row_number() over (partition by f, r = 0 order by c desc, v) as fresh from counted)
     where place <= ${TOP} or (r = 0 and fresh <= ${NEW}) order by f, place`,
  )
  const errors = await booleanErrors(engine, current, features)
  const starts = startsOf(which, features.length)
  return features.map((feature, i) => {
    const [from, to] = [starts[i] as number, starts[i + 1] as number]
    return measure(feature, {
      reference: before.subarray(from, to),
      current: after.subarray(from, to),
      rows: [reference.rows, current.rows],
      errors: errors[i] ?? 0,
      named: named
        .filter(({ f }) => f === i)
        .map(({ v, r, c, place }) => ({ value: v, r: Number(r), c: Number(c), place: Number(place) })),
    })
  })
}

const noCounts = new Float64Array()

function countsOf({ name, referenceType, currentType }: Feature, i: number, reference: Side, current: Side): string {
  const side = (type: string, { relation }: Side) =>
    `select ${categoryOf(name, type)} as v, count(*) as n from (${relation.sql}) group by 1`
  return `select ${i} as f, v, coalesce(a.n, 0) as r, coalesce(b.n, 0) as c
    from (${side(referenceType, reference)}) a full outer join (${side(currentType, current)}) b using (v) where v is not null`
}

/** Where the counts of each feature begin, in rows ordered by feature; one place more than features. */
function startsOf(which: Float64Array, features: number): number[] {
  const starts: number[] = []
  let at = 0
  for (let i = 0; i <= features; i++) {
    while (at < which.length && (which[at] as number) < i) at++
    starts.push(at)
  }
  return starts
}

interface Counted {
  readonly reference: Float64Array
  readonly current: Float64Array
  readonly rows: readonly [number, number]
  readonly errors: number
  readonly named: readonly { value: string; r: number; c: number; place: number }[]
}

function measure({ name, kind }: Feature, counted: Counted): MeasuredFeature {
  const { reference, current, named, errors } = counted
  const [then, now] = counted.rows
  let fresh = 0
  for (let i = 0; i < reference.length; i++) if (reference[i] === 0) fresh += current[i] as number
  const known = sumOf(reference) > 0
  const present = sumOf(current)
  const unknown = named.filter(({ r, c }) => r === 0 && c > 0).slice(0, NEW)
  return {
    feature: name,
    kind,
    metrics: categoryMetrics({ reference, current }),
    quality: qualityMetrics({
      rows: now,
      present,
      nulls: now - present,
      typeErrors: errors,
      outside: known ? fresh : 0,
      newCategories: known ? fresh : 0,
    }),
    reference: summary(
      reference,
      then,
      0,
      named.map(({ value, r, place }) => ({ value, count: r, place })),
    ),
    current: summary(
      current,
      now,
      errors,
      named.map(({ value, c, place }) => ({ value, count: c, place })),
    ),
    ...(known && unknown.length > 0 ? { new_categories: unknown.map(({ value, c }) => ({ value, count: c })) } : {}),
  }
}

function summary(
  counts: Float64Array,
  rows: number,
  errors: number,
  named: readonly { value: string; count: number; place: number }[],
): FeatureSummary {
  const count = sumOf(counts)
  return {
    count,
    nulls: rows - count,
    infinite: 0,
    type_errors: errors,
    distinct: counts.filter(one => one > 0).length,
    top: named
      .filter(one => one.count > 0 && one.place <= TOP)
      .map(({ value, count: times }) => ({ value, count: times })),
  }
}

/** Values of a column of truths that are text now and say neither. */
async function booleanErrors(engine: Engine, { relation }: Side, features: readonly Feature[]): Promise<number[]> {
  const suspect = ({ kind, currentType }: Feature) => kind === 'boolean' && currentType !== 'BOOLEAN'
  if (!features.some(suspect)) return []
  const counts = features.map((feature, i) => {
    const column = identifier(feature.name)
    const errors = suspect(feature) ? `count(${column}) - count(try_cast(${column}::varchar as boolean))` : literal('0')
    return `${errors} as c${i}`
  })
  const [found = {}] = await engine.rows(`select ${counts.join(', ')} from (${relation.sql})`)
  return features.map((_, i) => Number(found[`c${i}`]))
}
