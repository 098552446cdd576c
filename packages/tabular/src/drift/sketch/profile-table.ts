import type { ColumnKind } from '@hagane/contract'
import { columnTypeOf } from '../../column-type.ts'
import type { Engine } from '../../engine.ts'
import type { NumberColumn } from '../../number-columns.ts'
import { identifier } from '../../sql-text.ts'
import { sorted, typeErrors } from '../exact/numeric-features.ts'
import { kindsOf } from '../sides/feature-kinds.ts'
import { categoryOf, type Feature, numberOf, openSide, type Side } from '../sides/side.ts'
import { lengthOf, wordsOf } from '../sides/text-tokens.ts'
import { momentsOf } from '../statistics/weighted.ts'
import type { ColumnProfile, Profile, ProfileSketchRequest } from '../types.ts'
import { CATEGORIES, categorySketch, WORDS } from './category-sketch.ts'
import { absentColumn } from './merge-profiles.ts'
import { sketchOf } from './numeric-sketch.ts'

/** Numbers in memory at once. */
const VALUES_AT_ONCE = 2_000_000

/** The profile of a table: what can be compared and added to that of another hour without its rows. */
export async function profileSketch(engine: Engine, request: ProfileSketchRequest): Promise<Profile> {
  const side = await openSide(engine, request.source, 'drift_profiled')
  const features = await planned(engine, side, request)
  const has = new Set(side.relation.columns.map(({ name }) => name))
  const present = features.filter(({ name }) => has.has(name))
  const of = (...kinds: ColumnKind[]) => present.filter(({ kind }) => kinds.includes(kind))
  const columns = new Map(
    [
      ...(await numericColumns(engine, side, of('numeric', 'time'))),
      ...(await valueColumns(engine, side, of('categorical', 'boolean', 'text'))),
    ].map(column => [column.name, column]),
  )
  return {
    version: 1,
    rows: side.rows,
    columns: features.map(({ name, kind }) => columns.get(name) ?? absentColumn(name, kind, side.rows)),
  }
}

async function planned(
  engine: Engine,
  side: Side,
  { plan, features, kinds = {}, id }: ProfileSketchRequest,
): Promise<Feature[]> {
  const { columns } = side.relation
  const types = new Map(columns.map(({ name, type }) => [name, type]))
  const chosen = columns.filter(
    ({ name }) => name !== id && !side.marks.includes(name) && (features?.includes(name) ?? true),
  )
  const found = plan ?? [...(await kindsOf(engine, side, chosen, kinds))].map(([name, kind]) => ({ name, kind }))
  return found.map(({ name, kind }) => {
    const type = types.get(name) ?? 'VARCHAR'
    return { name, kind, whole: columnTypeOf(type) === 'integer', referenceType: type, currentType: type }
  })
}

async function numericColumns(engine: Engine, side: Side, features: readonly Feature[]): Promise<ColumnProfile[]> {
  const errors = await typeErrors(engine, side, features)
  const profiles: ColumnProfile[] = []
  const scratch = new Float64Array(side.rows)
  const atOnce = Math.max(1, Math.floor(VALUES_AT_ONCE / Math.max(1, side.rows)))
  for (let from = 0; from < features.length; from += atOnce) {
    const group = features.slice(from, from + atOnce)
    const numbers = group.map((one, i) => `${numberOf(one.name, one.currentType, one.kind)} as c${i}`)
    const columns = await engine.numbers(`select ${numbers.join(', ')} from (${side.relation.sql})`)
    for (const [i, feature] of group.entries())
      profiles.push(numericProfile(feature, columns[i] as NumberColumn, errors.get(feature.name) ?? 0, scratch))
  }
  return profiles
}

function numericProfile(feature: Feature, column: NumberColumn, errors: number, scratch: Float64Array): ColumnProfile {
  const numbers = sorted(column, scratch)
  const { mean, m2 } = momentsOf(numbers)
  const [min, max] = [numbers.values[0], numbers.values.at(-1)]
  return {
    name: feature.name,
    kind: feature.kind,
    count: numbers.total,
    nulls: column.missing - errors,
    infinite: column.infinite,
    type_errors: errors,
    ...(min === undefined || max === undefined ? {} : { min, max, mean, m2 }),
    whole: feature.whole && column.missing === 0,
    numbers: sketchOf(numbers),
  }
}

async function valueColumns(engine: Engine, side: Side, features: readonly Feature[]): Promise<ColumnProfile[]> {
  const profiles: ColumnProfile[] = []
  for (const { name, kind, currentType } of features) {
    const isText = kind === 'text'
    const values = isText ? `unnest(${wordsOf(name)})` : categoryOf(name, currentType)
    const counted = `select v, count(*) as n from (select ${values} as v from (${side.relation.sql})) group by 1`
    const limit = isText ? WORDS : CATEGORIES
    const found = await engine.rows<{ v: string; n: string; rest: string }>(
      `select v, n, (sum(n) over ())::bigint as rest from (${counted}) where v is not null order by n desc, v limit ${limit}`,
    )
    const counts = new Map(found.map(({ v, n }) => [v, Number(n)]))
    const all = Number(found[0]?.rest ?? 0)
    const kept = [...counts.values()].reduce((sum, n) => sum + n, 0)
    const [filled] = await engine.rows<{ n: string }>(
      `select count(${identifier(name)}) as n from (${side.relation.sql})`,
    )
    const count = isText ? Number(filled?.n ?? 0) : all
    const [lengths] = isText ? await engine.numbers(`select ${lengthOf(name)} from (${side.relation.sql})`) : []
    profiles.push({
      ...{ name, kind, count, nulls: side.rows - count, infinite: 0, type_errors: 0 },
      categories: categorySketch(counts, limit, all - kept),
      ...(lengths === undefined ? {} : { lengths: sketchOf(sorted(lengths, new Float64Array(side.rows))) }),
    })
  }
  return profiles
}
