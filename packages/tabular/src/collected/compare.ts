import type { Json } from '@duckdb/node-api'
import type { DifferingRow, ShadowComparison } from '@hagane/contract'
import { cellOf } from '../cells.ts'
import type { Engine } from '../engine.ts'
import { identifier, list, literal } from '../sql-text.ts'
import { ComparisonTally, type PairedRow } from './comparison-tally.ts'
import { PREDICTIONS } from './schemas.ts'
import { type CollectedSources, type CollectedTables, collectedTables, conditionOf, MODEL_INPUTS } from './sources.ts'

export interface CompareRequest {
  readonly kind: 'compare'
  readonly sources: CollectedSources
  readonly live: string
  readonly shadow: string
  readonly since: string
  readonly until?: string
  readonly tolerance: number
  readonly worst: number
}

/** Compares a shadow with live, row by row: the rows whose request was copied, paired by prediction and place in it. */
export async function compareShadow(engine: Engine, request: CompareRequest): Promise<ShadowComparison> {
  const { live, shadow, since, until, tolerance } = request
  const tables = await collectedTables(engine, request.sources, { tables: [PREDICTIONS, MODEL_INPUTS] })
  await layOutPairs(engine, tables, request)
  const tally = new ComparisonTally(tolerance, request.worst)
  for await (const pair of engine.stream('select * from pairs')) tally.add(pair as unknown as PairedRow)
  const [extra] = await engine.rows<{ only_shadow: number }>(
    `select count(*)::INTEGER as only_shadow from shadow_rows s
     where s.status < 400 and exists (select 1 from live_rows l where l.prediction_id = s.mirror_of and l.status < 400)
       and not exists (select 1 from live_rows l where l.prediction_id = s.mirror_of and l.row = s.row)`,
  )
  const { worst, ...found } = tally.result()
  return {
    endpoint: request.sources.endpoint,
    ...{ live, shadow, since, tolerance },
    ...(until === undefined ? {} : { until }),
    ...found,
    only_shadow: extra?.only_shadow ?? 0,
    worst: await withInputs(engine, tables, worst),
  }
}

async function layOutPairs(engine: Engine, tables: CollectedTables, request: CompareRequest): Promise<void> {
  const { live, shadow } = request
  const of = (deployment: string) => conditionOf({ ...request, deployments: [deployment] })
  await engine.run(`create temp table live_rows as select * from (${tables.predictions})
    where ${of(live)} and mirror_of is null and list_contains(mirrored, ${literal(shadow)})`)
  await engine.run(`create temp table shadow_rows as select * from (${tables.predictions})
    where ${of(shadow)} and mirror_of is not null`)
  await engine.run(`create temp table shadow_answers as select mirror_of, any_value(prediction_id) as prediction_id,
    max(status) as status from shadow_rows group by mirror_of`)
  await engine.run(`create temp table pairs as select l.row_id as live_id, s.row_id as shadow_id, strftime(l.time, '%Y-%m-%dT%H:%M:%S.%gZ') as time,
      l.status as live_status, a.status as shadow_status, a.prediction_id as shadow_prediction,
      l.output as live, s.output as shadow
    from live_rows l left join shadow_answers a on a.mirror_of = l.prediction_id
      left join shadow_rows s on s.mirror_of = l.prediction_id and s.row = l.row
    order by l.time, l.row_id`)
}

/** Inputs of live or, where only the shadow collects them, of the shadow. */
async function withInputs(engine: Engine, { inputs }: CollectedTables, worst: DifferingRow[]): Promise<DifferingRow[]> {
  if (inputs === undefined || worst.length === 0) return worst
  const ids = worst.flatMap(({ live_id, shadow_id }) => [live_id, shadow_id])
  const columns = inputs.columns.map(({ name }) => identifier(name)).join(', ')
  const found = await engine.rows<{ _row_id: string } & Record<string, Json>>(
    `select _row_id, ${columns} from (${inputs.sql}) where _row_id in (select unnest(${list(ids)}))`,
  )
  const cells = (row: Record<string, Json>) =>
    Object.fromEntries(inputs.columns.map(({ name, type }) => [name, cellOf(row[name], type)]))
  const byId = new Map(found.map(row => [row._row_id, cells(row)]))
  return worst.map(row => {
    const known = byId.get(row.live_id) ?? byId.get(row.shadow_id)
    return known === undefined ? row : { ...row, inputs: known }
  })
}
