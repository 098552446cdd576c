import { type DriftReport, type FeatureDrift, HaganeError } from '@hagane/contract'
import type { Engine } from '../../engine.ts'
import { identifier, literal } from '../../sql-text.ts'
import { featuresOf } from '../sides/feature-kinds.ts'
import { type Feature, openSide, type Side } from '../sides/side.ts'
import type { Measured } from '../statistics/numeric-metrics.ts'
import type { DriftOptions, DriftRequest } from '../types.ts'
import { judged, reportOf } from '../verdicts.ts'
import { measureCategories } from './category-features.ts'
import { extremeRows } from './extreme-rows.ts'
import { measureNumbers } from './numeric-features.ts'
import { sliceColumns, slicesOf } from './slices.ts'
import { sortNumbers } from './sort-numbers.ts'
import { measureTexts } from './text-features.ts'

/** Two tables compared by every metric of every column that both have, exactly. */
export async function compareTables(engine: Engine, request: DriftRequest): Promise<DriftReport> {
  const reference = await openSide(engine, request.reference, 'drift_reference')
  const current = await openSide(engine, request.current, 'drift_current')
  const features = await featuresOf(engine, reference, current, request)
  const of = (...kinds: string[]) => features.filter(({ kind }) => kinds.includes(kind))
  const measured = [
    ...(await measureNumbers(engine, reference, current, of('numeric', 'time'))),
    ...(await measureCategories(engine, reference, current, of('categorical', 'boolean'))),
    ...(await measureTexts(engine, reference, current, of('text'))),
  ]
  const order = new Map(features.map(({ name }, i) => [name, i]))
  measured.sort((a, b) => (order.get(a.feature) ?? 0) - (order.get(b.feature) ?? 0))
  const thresholds = request.thresholds ?? {}
  const verdicts = judged(measured, thresholds, reference.rows)
  const findings = await explained(engine, reference, current, features, verdicts, request)
  const names = (side: Side) => side.relation.columns.map(({ name }) => name)
  const table = await tableMetrics(engine, reference, current, request)
  const only = (a: Side, b: Side) => names(a).filter(name => !names(b).includes(name) && !a.marks.includes(name))
  return reportOf(
    {
      reference: sideOf(reference),
      current: sideOf(current),
      exact: true,
      only_reference: only(reference, current),
      only_current: only(current, reference),
    },
    findings,
    table,
    thresholds,
  )
}

/** Beside each feature that drifted: the rows that moved furthest, and the slice that moved most, where they are asked for. */
async function explained(
  engine: Engine,
  reference: Side,
  current: Side,
  features: readonly Feature[],
  verdicts: FeatureDrift[],
  { rows = 0, slices = false, id }: DriftRequest,
): Promise<FeatureDrift[]> {
  if (!verdicts.some(({ drifted }) => drifted)) return verdicts
  const named = id ?? current.marks.find(mark => mark === 'row_id')
  const columns = slices ? await sliceColumns(engine, reference, current, features) : []
  const found: FeatureDrift[] = []
  for (const verdict of verdicts) {
    const feature = features.find(({ name }) => name === verdict.feature)
    if (!verdict.drifted || feature === undefined) {
      found.push(verdict)
      continue
    }
    const slice = slicesOf(columns, feature.name)
    const furthest =
      rows === 0 || named === undefined
        ? []
        : await extremeRows(engine, reference, current, feature, verdict, named, rows)
    found.push({
      ...verdict,
      ...(slice === undefined ? {} : { slice }),
      ...(furthest.length === 0 ? {} : { rows: furthest }),
    })
  }
  return found
}

const sideOf = ({ name, rows }: Side) => ({ ...(name === undefined ? {} : { name }), rows })

async function tableMetrics(
  engine: Engine,
  reference: Side,
  current: Side,
  options: DriftOptions,
): Promise<Measured[]> {
  const volume: Measured =
    reference.rows === 0
      ? { metric: 'volume_ratio', value: null, reason: 'the reference has no rows' }
      : { metric: 'volume_ratio', value: current.rows / reference.rows }
  const { time } = options
  return [
    volume,
    await duplicateRate(engine, current, options.id),
    ...(time === undefined ? [] : [await freshness(engine, current, time, options.now)]),
  ]
}

/** Share of rows that repeat an earlier one, by 53 bits of a hash of all columns but the id. */
async function duplicateRate(engine: Engine, { relation, rows }: Side, id: string | undefined): Promise<Measured> {
  const columns = relation.columns.filter(({ name }) => name !== id).map(({ name }) => identifier(name))
  if (rows === 0 || columns.length === 0)
    return { metric: 'duplicate_row_rate', value: null, reason: 'there are no rows' }
  const [hashes] = await engine.numbers(
    `select (hash(${columns.join(', ')}) >> 11)::double as h from (${relation.sql})`,
  )
  const values = hashes?.values ?? new Float64Array()
  sortNumbers(values, new Float64Array(values.length))
  let repeated = 0
  for (let i = 1; i < values.length; i++) if (values[i] === values[i - 1]) repeated++
  return { metric: 'duplicate_row_rate', value: repeated / rows }
}

/** Seconds from the newest row to now. */
async function freshness(
  engine: Engine,
  { relation }: Side,
  column: string,
  now = new Date().toISOString(),
): Promise<Measured> {
  const newest = `max(try_cast(${identifier(column)}::varchar as timestamptz))`
  const [found] = await engine.rows<{ age: number | null }>(
    `select epoch(${literal(now)}::timestamptz) - epoch(${newest}) as age from (${relation.sql})`,
  )
  if (found === undefined) throw new HaganeError('invalid', `no times in ${column}`)
  return found.age === null
    ? { metric: 'freshness', value: null, reason: `${column} holds no time` }
    : { metric: 'freshness', value: Number(found.age) }
}
