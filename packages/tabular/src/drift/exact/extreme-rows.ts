import type { FeatureDrift } from '@hagane/contract'
import type { Engine } from '../../engine.ts'
import { identifier } from '../../sql-text.ts'
import { categoryOf, type Feature, numberOf, type Side } from '../sides/side.ts'

/**
 * Ids of the rows of now that are furthest from the reference: numbers by their distance from its mean, categories by how much more frequent
 * they are now, the new ones first.
 */
export async function extremeRows(
  engine: Engine,
  reference: Side,
  current: Side,
  feature: Feature,
  { reference: then }: FeatureDrift,
  id: string,
  rows: number,
): Promise<string[]> {
  const shown = `${identifier(id)}::varchar as id`
  const sql =
    feature.kind === 'numeric' || feature.kind === 'time'
      ? `select id from (select ${shown}, ${numberOf(feature.name, feature.currentType, feature.kind)} as v from (${current.relation.sql}))
         where not isnan(v) order by abs(v - (${then.mean ?? 0}::double)) desc, id limit ${rows}`
      : `with seen as (select ${categoryOf(feature.name, feature.referenceType)} as v, count(*) as n from (${reference.relation.sql}) group by 1),
         said as (select ${shown}, ${categoryOf(feature.name, feature.currentType)} as v from (${current.relation.sql}))
         select id from (select said.id, count(*) over (partition by said.v) / coalesce(seen.n, 0.5) as excess from said left join seen on said.v = seen.v where said.v is not null)
         order by excess desc, id limit ${rows}`
  const found = await engine.rows<{ id: string | null }>(sql)
  return found.flatMap(one => (one.id === null ? [] : [one.id]))
}
