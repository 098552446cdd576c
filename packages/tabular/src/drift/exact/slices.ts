import type { DriftSlice } from '@hagane/contract'
import type { Engine } from '../../engine.ts'
import { identifier, literal } from '../../sql-text.ts'
import { categoryOf, type Feature, numberOf, type Side, sampleOf } from '../sides/side.ts'
import { jensenShannon } from '../statistics/distances.ts'

const MOST_ROWS = 200_000
/** Ranges of a number, and values of a category, that slices are made of. */
const RANGES = 10
const VALUES = 20
/** Columns that slices of two are made of: those that alone explain most. */
const PAIRED = 6
/** A slice holds at least this share of one side, and at most that: less is noise, more is the table. */
const LEAST = 0.01
const MOST = 0.6

/** A column in few values, each by a number. */
interface Binned {
  readonly feature: Feature
  /** What each number stands for. */
  readonly names: readonly string[]
  readonly before: Uint8Array
  readonly after: Uint8Array
}

/** Every usable column of both sides in few values, read once for all features that drifted. */
export async function sliceColumns(
  engine: Engine,
  reference: Side,
  current: Side,
  features: readonly Feature[],
): Promise<Binned[]> {
  const columns: Binned[] = []
  for (const feature of features) {
    if (feature.kind === 'text' || feature.kind === 'time') continue
    const { value, code, names } = await (feature.kind === 'numeric' ? ranges : values)(engine, reference, feature)
    if (names.length < 2) continue
    const read = async (side: Side, type: string) => {
      const [found] = await engine.doubles(
        `select (${code})::double from (select ${value(type)} as v from (${sampleOf(side, MOST_ROWS)}))`,
      )
      return Uint8Array.from(found ?? [])
    }
    columns.push({
      feature,
      names,
      before: await read(reference, feature.referenceType),
      after: await read(current, feature.currentType),
    })
  }
  return columns
}

interface Coding {
  readonly value: (type: string) => string
  /** The number of a value v, its place among the names. */
  readonly code: string
  readonly names: string[]
}

async function ranges(engine: Engine, { relation }: Side, feature: Feature): Promise<Coding> {
  const number = (type: string) => numberOf(feature.name, type, feature.kind)
  const cuts = Array.from({ length: RANGES - 1 }, (_, i) => (i + 1) / RANGES)
  const [found] = await engine.rows<{ cuts: number[] | null }>(
    `select quantile_disc(v, [${cuts.join(', ')}]) as cuts from (select ${number(feature.referenceType)} as v from (${relation.sql})) where not isnan(v)`,
  )
  const edges = [...new Set((found?.cuts ?? []).map(Number))]
  const names = [
    ...edges.map((edge, i) => `[${edges[i - 1] ?? ''}, ${edge})`),
    `[${edges.at(-1) ?? ''}, )`,
    '(missing)',
  ]
  const steps = edges.map((edge, i) => `when v < ${edge}::double then ${i}`)
  const code = `case when isnan(v) then ${names.length - 1} ${steps.join(' ')} else ${edges.length} end`
  return { value: number, code, names }
}

async function values(engine: Engine, { relation }: Side, feature: Feature): Promise<Coding> {
  const found = await engine.rows<{ v: string }>(
    `select ${categoryOf(feature.name, feature.referenceType)} as v from (${relation.sql}) where ${identifier(feature.name)} is not null group by 1 order by count(*) desc, v limit ${VALUES}`,
  )
  const names = [...found.map(({ v }) => v), '(other)', '(missing)']
  const cases = found.map(({ v }, i) => `when v = ${literal(v)} then ${i}`)
  const code = `case when v is null then ${names.length - 1} ${cases.join(' ')} else ${names.length - 2} end`
  return { value: type => categoryOf(feature.name, type), code, names }
}

/**
 * The slice that drifted most itself and without which least drift is left, by the product of the two: every value of every other column, then
 * every pair of values of the columns that explain most. Drift is the Jensen-Shannon distance over the deciles, or the categories, of the reference. Undefined when no slice
 * explains anything.
 */
export function slicesOf(columns: readonly Binned[], feature: string): DriftSlice | undefined {
  const explained = columns.find(one => one.feature.name === feature)
  if (explained === undefined) return undefined
  const whole = driftOf(explained)
  const single = columns.filter(one => one !== explained).map(column => bestOf(explained, whole, [column]))
  const ranked = single.toSorted((a, b) => weight(b) - weight(a)).slice(0, PAIRED)
  const likely = ranked.flatMap(found => columns.filter(one => one.feature.name === found?.where[0]?.column))
  const pairs = likely.flatMap((a, i) => likely.slice(i + 1).map(b => bestOf(explained, whole, [a, b])))
  const all = [...ranked, ...pairs].filter(found => found !== undefined)
  return all.toSorted((a, b) => weight(b) - weight(a) || a.where.length - b.where.length)[0]
}

/** Counts of the bins of the explained column: by the slice's number, or of the whole. */
function bestOf(explained: Binned, whole: number, by: readonly Binned[]): DriftSlice | undefined {
  const slices = by.reduce((product, { names }) => product * names.length, 1)
  const bins = explained.names.length
  const then = countsOf(
    explained.before,
    by.map(one => ({ codes: one.before, size: one.names.length })),
    slices,
    bins,
  )
  const now = countsOf(
    explained.after,
    by.map(one => ({ codes: one.after, size: one.names.length })),
    slices,
    bins,
  )
  const [allThen, allNow] = [totals(then, bins), totals(now, bins)]
  let best: DriftSlice | undefined
  for (let slice = 0; slice < slices; slice++) {
    const [a, b] = [then.subarray(slice * bins, (slice + 1) * bins), now.subarray(slice * bins, (slice + 1) * bins)]
    const [shareThen, shareNow] = [sum(a) / explained.before.length, sum(b) / explained.after.length]
    if (Math.max(shareThen, shareNow) < LEAST || Math.max(shareThen, shareNow) > MOST) continue
    const [restThen, restNow] = [
      allThen.map((n, i) => n - (a[i] as number)),
      allNow.map((n, i) => n - (b[i] as number)),
    ]
    if (sum(restThen) === 0 || sum(restNow) === 0) continue
    const excess = whole - jensenShannon(restThen, restNow)
    const found: DriftSlice = {
      where: namesOf(by, slice),
      reference_share: shareThen,
      current_share: shareNow,
      value: sum(a) === 0 || sum(b) === 0 ? Math.sqrt(Math.LN2) : jensenShannon(a, b),
      excess,
    }
    if (weight(found) > weight(best)) best = found
  }
  return best
}

const weight = (slice: DriftSlice | undefined): number =>
  slice === undefined ? 0 : Math.max(0, slice.excess) * slice.value

const driftOf = (column: Binned): number => {
  const bins = column.names.length
  return jensenShannon(countsOf(column.before, [], 1, bins), countsOf(column.after, [], 1, bins))
}

function countsOf(
  codes: Uint8Array,
  by: readonly { readonly codes: Uint8Array; readonly size: number }[],
  slices: number,
  bins: number,
): Float64Array {
  const counts = new Float64Array(slices * bins)
  for (let row = 0; row < codes.length; row++) {
    let slice = 0
    for (const one of by) slice = slice * one.size + (one.codes[row] as number)
    const cell = slice * bins + (codes[row] as number)
    counts[cell] = (counts[cell] as number) + 1
  }
  return counts
}

function totals(counts: Float64Array, bins: number): Float64Array {
  const total = new Float64Array(bins)
  for (let i = 0; i < counts.length; i++) total[i % bins] = (total[i % bins] as number) + (counts[i] as number)
  return total
}

const sum = (values: Float64Array): number => values.reduce((total, value) => total + value, 0)

function namesOf(by: readonly Binned[], slice: number): DriftSlice['where'] {
  const where: DriftSlice['where'] = []
  let rest = slice
  for (const { feature, names } of by.toReversed()) {
    where.unshift({ column: feature.name, value: names[rest % names.length] as string })
    rest = Math.floor(rest / names.length)
  }
  return where
}
