import { columnTypeOf, isNumeric } from '../column-type.ts'
import type { Engine } from '../engine.ts'
import { identifier } from '../sql-text.ts'

/** A share of zero is taken as this, so that the logarithm exists; a common choice for the population stability index. */
const FLOOR = 1e-4
const BINS = 10
const CATEGORIES = 50

/**
 * Population stability index: the sum over bins of (a - e) ln(a / e), where e and a are the shares of the reference and of the
 * table (N. Siddiqi, Credit Risk Scorecards, 2006). Numbers and times fall into the reference's deciles, other values are
 * categories: the 50 most frequent of the reference, and the rest. Missing values are a bin of their own.
 */
export async function psi(engine: Engine, column: string, type: string): Promise<number> {
  const kind = columnTypeOf(type)
  const binned = isNumeric(kind) || kind === 'timestamp' || kind === 'date'
  const bin = binned ? await decileBin(engine, column, type) : categoryBin(column)
  const shares = (table: string) =>
    `select ${bin} as bin, count(*) / nullif(sum(count(*)) over (), 0) as share from ${table} group by 1`
  const [found] = await engine.rows<{ psi: number | null }>(
    `with expected as (${shares('reference')}), actual as (${shares('checked')}), both_sides as (
       select greatest(coalesce(expected.share, 0), ${FLOOR}) as e, greatest(coalesce(actual.share, 0), ${FLOOR}) as a
       from expected full outer join actual on expected.bin is not distinct from actual.bin)
     select sum((a - e) * ln(a / e)) as psi from both_sides`,
  )
  return Number(found?.psi ?? 0)
}

const asNumber = (column: string, type: string): string =>
  isNumeric(columnTypeOf(type)) ? `${identifier(column)}::double` : `epoch(${identifier(column)}::timestamp)`

async function decileBin(engine: Engine, column: string, type: string): Promise<string> {
  const value = asNumber(column, type)
  const cuts = Array.from({ length: BINS - 1 }, (_, i) => (i + 1) / BINS)
  const [found] = await engine.rows<{ cuts: number[] | null }>(
    `select quantile_disc(${value}, [${cuts.join(', ')}]) as cuts from reference where isfinite(${value})`,
  )
  const edges = [...new Set((found?.cuts ?? []).map(Number))]
  const steps = edges.map((edge, i) => `when ${value} <= ${edge}::double then ${i}`)
  return `case when ${identifier(column)} is null then -1 ${steps.join(' ')} else ${edges.length} end`
}

const categoryBin = (column: string): string => {
  const text = `${identifier(column)}::varchar`
  const frequent = `select ${text} from reference where ${identifier(column)} is not null group by 1 order by count(*) desc, 1 limit ${CATEGORIES}`
  return `case when ${identifier(column)} is null then null when ${text} in (${frequent}) then 'v' || ${text} else 'other' end`
}

/**
 * Two-sample Kolmogorov-Smirnov statistic: the largest distance between the two empirical distribution functions (N. Smirnov,
 * 1948), exact, of the values that are there.
 */
export async function ks(engine: Engine, column: string, type: string): Promise<number> {
  const value = asNumber(column, type)
  const side = (table: string, mark: number) =>
    `select ${value} as v, ${mark} as mark from ${table} where isfinite(${value})`
  const [found] = await engine.rows<{ d: number | null }>(
    `with pooled as (${side('reference', 0)} union all ${side('checked', 1)}),
       counts as (select v, count(*) filter (mark = 0) as e, count(*) filter (mark = 1) as a from pooled group by v),
       running as (select sum(e) over (order by v) / nullif(sum(e) over (), 0) as fe, sum(a) over (order by v) / nullif(sum(a) over (), 0) as fa from counts)
     select max(abs(fe - fa)) as d from running`,
  )
  return Number(found?.d ?? 0)
}
