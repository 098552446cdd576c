import { layOutPredictions } from '../collected/query.ts'
import { type CollectedTables, collectedTables } from '../collected/sources.ts'
import type { Engine } from '../engine.ts'
import type { Relation } from '../relation.ts'
import { identifier, literal } from '../sql-text.ts'
import type { CollectedSource } from './types.ts'

/** Columns of a collected row that say which it is; everything else is data. */
export const collectedMarks = ['row_id', 'prediction_id', 'time', 'deployment', 'correlation_id'] as const

/** Outputs that tell which places an output has, and places at most. */
const SAMPLE = 1000
const MOST_PLACES = 100
const INPUT = 'input_'

/**
 * What an endpoint collected as one table: the marks, the inputs under their own names, what was answered (`prediction`, or one column for each
 * place of an output, such as `label` or `probability_1`), and labels as they arrived (`label`, `label_<name>`). Failed requests are left out.
 */
export async function collectedRows(engine: Engine, source: CollectedSource, name: string): Promise<Relation> {
  const tables: CollectedTables = await collectedTables(engine, source.collected)
  const schema = `${name}_rows`
  await engine.run(`create schema ${schema}`)
  await layOutPredictions(engine, tables, source.filter, schema)
  const laidOut = `${schema}.predictions`
  const columns = await engine.describe(`select * from ${laidOut}`)
  const inputs = columns.filter(column => column.name.startsWith(INPUT))
  const labels = columns.filter(column => column.name === 'label' || column.name.startsWith('label_'))
  const places = await placesOf(engine, laidOut)
  const taken = new Set<string>([...collectedMarks, ...labels.map(column => column.name)])
  const free = (wanted: string, prefix: string): string => {
    const found = taken.has(wanted) ? `${prefix}${wanted}` : wanted
    taken.add(found)
    return found
  }
  const chosen = [
    ...collectedMarks.map(mark => ({ sql: identifier(mark), name: mark as string })),
    ...labels.map(column => ({ sql: identifier(column.name), name: column.name })),
    ...inputs.map(column => ({ sql: identifier(column.name), name: free(column.name.slice(INPUT.length), INPUT) })),
    ...places.map(place => ({ sql: place.sql, name: free(place.name, 'output_') })),
  ]
  const list = chosen.map(one => `${one.sql} as ${identifier(one.name)}`).join(', ')
  await engine.run(`create table ${identifier(name)} as select ${list} from ${laidOut} where status < 400`)
  const sql = `select * from ${identifier(name)}`
  return { sql, columns: await engine.describe(sql) }
}

interface Place {
  readonly name: string
  readonly sql: string
}

/** The places of the outputs, by what some of them look like. */
async function placesOf(engine: Engine, table: string): Promise<Place[]> {
  const found = await engine.rows<{ output: string }>(
    `select output from ${table} where output is not null and status < 400 limit ${SAMPLE}`,
  )
  const places = new Map<string, Leaf>()
  for (const { output } of found) {
    const parsed = parse(output)
    if (parsed === undefined || places.size > MOST_PLACES) continue
    for (const leaf of leavesOf(parsed, '$', '')) {
      const known = places.get(leaf.path)
      places.set(leaf.path, { ...leaf, numeric: leaf.numeric && (known?.numeric ?? true) })
    }
  }
  return [...places.values()].slice(0, MOST_PLACES).map(({ path, name, numeric }) => ({
    name,
    sql: numeric
      ? `try_cast(json_extract_string(output, ${literal(path)}) as double)`
      : `json_extract_string(output, ${literal(path)})`,
  }))
}

interface Leaf {
  readonly path: string
  readonly name: string
  readonly numeric: boolean
}

function leavesOf(value: unknown, path: string, name: string): Leaf[] {
  const below = (key: string) => (name === '' ? key : `${name}_${key}`)
  if (Array.isArray(value))
    return value.flatMap((one, i) => leavesOf(one, `${path}[${i}]`, `${name === '' ? 'prediction' : name}_${i}`))
  if (typeof value === 'object' && value !== null)
    return Object.entries(value).flatMap(([key, one]) =>
      key.includes('"') ? [] : leavesOf(one, `${path}."${key}"`, below(key)),
    )
  return value === null ? [] : [{ path, name: name === '' ? 'prediction' : name, numeric: typeof value === 'number' }]
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
