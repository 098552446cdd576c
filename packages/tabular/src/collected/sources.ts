import { readFile } from 'node:fs/promises'
import { HaganeError } from '@hagane/contract'
import type { Engine } from '../engine.ts'
import { identifier, list, literal } from '../sql-text.ts'
import { emitCapture, type IsAsked } from './convert.ts'
import type { Row } from './decode.ts'
import { FEEDBACK, feedbackColumns, ownColumns, PREDICTIONS, predictionColumns } from './schemas.ts'
import { TableFiles } from './table-files.ts'

/** What was collected at an endpoint: Parquet files, and captures that are not turned into such yet. */
export interface CollectedSources {
  readonly workspace: string
  readonly endpoint: string
  /** Folder that the Parquet files lie below. */
  readonly root: string
  readonly parquet: readonly { readonly table: string; readonly path: string }[]
  readonly captures: readonly string[]
  readonly redactionKey: string
}

/** Which predictions; times are RFC 3339. */
export interface PredictionFilter {
  readonly since?: string
  readonly until?: string
  readonly deployments?: readonly string[]
  /** One prediction, or a row of one. */
  readonly prediction?: string
}

export const MODEL_INPUTS = 'model_inputs'
const MODEL_OUTPUTS = 'model_outputs'
const wanted = [PREDICTIONS, MODEL_INPUTS, MODEL_OUTPUTS, FEEDBACK]

/** The tables of an endpoint as queries by name; captures are read along. */
export interface CollectedTables {
  readonly predictions: string
  readonly feedback: string
  /** Undefined when no inputs were collected. */
  readonly inputs: { sql: string; columns: { name: string; type: string }[] } | undefined
  /** Undefined when no outputs were collected as such; `predictions` has what was answered as JSON. */
  readonly outputs: { sql: string; columns: { name: string; type: string }[] } | undefined
}

export interface Opening {
  /** Captures of other predictions are not read; the tables of Parquet files are whole all the same. */
  readonly asked?: PredictionFilter
  /** Only these tables; the others are as if nothing had been collected for them. */
  readonly tables?: readonly string[]
}

/** Opens what was collected. Throws `conflict` when a capture was turned into a table meanwhile: list again. */
export async function collectedTables(
  engine: Engine,
  sources: CollectedSources,
  { asked = {}, tables = wanted }: Opening = {},
): Promise<CollectedTables> {
  const lines = await capturedLines(engine, sources, { asked, tables })
  const of = (table: string): string | undefined => {
    if (!tables.includes(table)) return undefined
    const parquet = sources.parquet.filter(one => one.table === table).map(({ path }) => path)
    const parts = [
      ...(parquet.length === 0 ? [] : [`select * from read_parquet(${list(parquet)}, union_by_name = true)`]),
      ...(lines.has(table) ? [lines.get(table) as string] : []),
    ]
    return parts.length === 0 ? undefined : parts.join(' union all by name ')
  }
  const inputs = of(MODEL_INPUTS)
  const outputs = of(MODEL_OUTPUTS)
  return {
    predictions: of(PREDICTIONS) ?? emptyOf(predictionColumns),
    feedback: of(FEEDBACK) ?? emptyOf(feedbackColumns),
    inputs: inputs === undefined ? undefined : await withColumns(engine, inputs),
    outputs: outputs === undefined ? undefined : await withColumns(engine, outputs),
  }
}

/** What the captures hold, as queries by table. A reader takes them apart once: they do not change while a run is judged. */
const capturedLines = (
  engine: Engine,
  sources: CollectedSources,
  opening: Required<Opening>,
): Promise<Map<string, string>> => {
  const { workspace, endpoint, captures, redactionKey } = sources
  const key = JSON.stringify([workspace, endpoint, redactionKey, opening, ...captures])
  return engine.kept.once(key, prefix => takenApart(sources, opening, prefix))
}

async function takenApart(
  sources: CollectedSources,
  { asked, tables }: Required<Opening>,
  prefix: string,
): Promise<Map<string, string>> {
  const isAsked = isAskedBy(asked)
  const files = new TableFiles(prefix)
  const emitOf = (workspace: string, endpoint: string) =>
    workspace === sources.workspace && endpoint === sources.endpoint
      ? (table: string, row: Row) => (tables.includes(table) ? files.emit(table, row) : undefined)
      : () => undefined
  for (const path of sources.captures) {
    const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error
      throw new HaganeError('conflict', 'what was captured is being turned into tables; ask again')
    })
    emitCapture(bytes, sources.redactionKey, emitOf, isAsked)
  }
  return new Map(files.finish().map(({ table, query }) => [table, query]))
}

async function withColumns(engine: Engine, sql: string): Promise<NonNullable<CollectedTables['inputs']>> {
  return { sql, columns: (await engine.describe(sql)).filter(({ name }) => !Object.hasOwn(ownColumns, name)) }
}

const emptyOf = (columns: Record<string, string>): string =>
  `select ${Object.entries(columns)
    .map(([name, type]) => `null::${type} as ${identifier(name)}`)
    .join(', ')} where false`

/** The same as `conditionOf`, for records of captures. */
function isAskedBy({ since, until, deployments, prediction }: PredictionFilter): IsAsked {
  const [from, to] = [since, until].map(time => (time === undefined ? undefined : Date.parse(time)))
  return ({ id, time }, { deployment }) => {
    const at = Date.parse(time)
    return (
      (from === undefined || at >= from) &&
      (to === undefined || at < to) &&
      (deployments === undefined || deployments.includes(deployment)) &&
      (prediction === undefined || prediction === id || prediction.startsWith(`${id}-`))
    )
  }
}

/** The condition that a filter means for a table with the columns of `predictions`. */
export function conditionOf(filter: PredictionFilter): string {
  const { since, until, deployments, prediction } = filter
  const parts = [
    ...(since === undefined ? [] : [`time >= ${literal(since)}::TIMESTAMPTZ`]),
    ...(until === undefined ? [] : [`time < ${literal(until)}::TIMESTAMPTZ`]),
    ...(deployments === undefined ? [] : [`deployment in (${deployments.map(literal).join(', ')})`]),
    ...(prediction === undefined
      ? []
      : [`(prediction_id = ${literal(prediction)} or row_id = ${literal(prediction)})`]),
  ]
  return parts.length === 0 ? 'true' : parts.join(' and ')
}
