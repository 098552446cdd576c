import type { Json } from '@duckdb/node-api'
import { type DataDiff, HaganeError } from '@hagane/contract'
import { cellOf } from './cells.ts'
import { columnTypeOf, isNumeric } from './column-type.ts'
import type { Engine } from './engine.ts'
import { stored } from './profile.ts'
import { readTable } from './read-table.ts'
import type { Relation } from './relation.ts'
import type { DiffRequest } from './requests.ts'
import { identifier } from './sql-text.ts'

type Columns = Relation['columns']
type Row = Record<string, Json>

interface Compared {
  engine: Engine
  columns: { before: Columns; after: Columns; common: string[] }
  request: DiffRequest
}
type RowChanges = Pick<DataDiff, 'changed_columns' | 'sample'> & { rows: DataDiff['rows'] }

/**
 * What changed from the left table to the right one. With a key, rows are matched by it; without, whole rows are compared as
 * a multiset, over the columns that both have. Both tables lie in the engine's file, so neither has to fit into memory.
 */
export async function diffTables(engine: Engine, request: DiffRequest): Promise<DataDiff> {
  const before = await stored(engine, await readTable(engine, request.left), 'before')
  const after = await stored(engine, await readTable(engine, request.right), 'after')
  const common = before.columns
    .map(({ name }) => name)
    .filter(name => after.columns.some(column => column.name === name))
  const compared = { engine, request, columns: { before: before.columns, after: after.columns, common } }
  const columns = columnChanges(before.columns, after.columns)
  const changes = request.key.length > 0 ? await keyedChanges(compared) : await wholeRowChanges(compared)
  const [counts] = await engine.rows<{ l: string; r: string }>(
    'select (select count(*) from before) as l, (select count(*) from after) as r',
  )
  const { added, removed, changed } = changes.rows
  return {
    left: { name: request.left.name, rows: Number(counts?.l ?? 0) },
    right: { name: request.right.name, rows: Number(counts?.r ?? 0) },
    equal: added + removed + changed === 0 && Object.values(columns).every(list => list.length === 0),
    columns,
    ...changes,
  }
}

function columnChanges(before: Columns, after: Columns): DataDiff['columns'] {
  const typeIn = (columns: Columns, name: string) => {
    const found = columns.find(column => column.name === name)
    return found === undefined ? undefined : columnTypeOf(found.type)
  }
  const only = (here: Columns, there: Columns) =>
    here
      .filter(({ name }) => typeIn(there, name) === undefined)
      .map(({ name, type }) => ({ name, type: columnTypeOf(type) }))
  const changed = before.flatMap(({ name, type }) => {
    const [from, to] = [columnTypeOf(type), typeIn(after, name)]
    return to === undefined || to === from ? [] : [{ name, from, to }]
  })
  return { added: only(after, before), removed: only(before, after), changed }
}

/** A column of one side in a form that compares with the other's: numbers as numbers, what changed its type as text. */
function comparable({ before, after }: Compared['columns'], name: string, side: string): string {
  const types = [before, after].map(columns => columnTypeOf(columns.find(column => column.name === name)?.type ?? ''))
  const column = `${side}.${identifier(name)}`
  if (types[0] === types[1]) return types[0] === 'other' ? `${column}::varchar` : column
  return types.every(isNumeric) ? `${column}::double` : `${column}::varchar`
}

async function wholeRowChanges({ engine, columns, request }: Compared): Promise<RowChanges> {
  const { common } = columns
  if (common.length === 0) return { ...nothingInCommon, rows: await allDiffer(engine) }
  const side = (table: string) =>
    `select ${common.map(name => `${comparable(columns, name, table)} as ${identifier(name)}`).join(', ')} from ${table}`
  await engine.run(`create table removed as (${side('before')}) except all (${side('after')})`)
  await engine.run(`create table added as (${side('after')}) except all (${side('before')})`)
  const [counts] = await engine.rows<{ a: string; r: string; n: string }>(
    'select (select count(*) from added) as a, (select count(*) from removed) as r, (select count(*) from before) as n',
  )
  const [added, removed, all] = [Number(counts?.a), Number(counts?.r), Number(counts?.n)]
  const shown = async (table: string, limit: number) =>
    (await engine.rows<Row>(`select * from ${table} limit ${limit}`)).map(row => cells(row, columns.after))
  const half = Math.ceil(request.sample / 2)
  const gone = await shown('removed', Math.max(half, request.sample - added))
  const come = await shown('added', request.sample - gone.length)
  return {
    rows: { added, removed, changed: 0, unchanged: all - removed },
    changed_columns: {},
    sample: [
      ...gone.map(before => ({ change: 'removed' as const, before })),
      ...come.map(after => ({ change: 'added' as const, after })),
    ],
  }
}

const nothingInCommon = { changed_columns: {}, sample: [] }
async function allDiffer(engine: Engine): Promise<DataDiff['rows']> {
  const [counts] = await engine.rows<{ a: string; r: string }>(
    'select (select count(*) from after) as a, (select count(*) from before) as r',
  )
  return { added: Number(counts?.a), removed: Number(counts?.r), changed: 0, unchanged: 0 }
}

const cells = (row: Row, columns: Columns) =>
  Object.fromEntries(
    Object.entries(row).map(([name, value]) => [
      name,
      cellOf(value, columns.find(column => column.name === name)?.type ?? ''),
    ]),
  )

async function keyedChanges(compared: Compared): Promise<RowChanges> {
  const { engine, columns, request } = compared
  const { key } = request
  for (const name of key)
    if (!columns.common.includes(name))
      throw new HaganeError('invalid', `key: '${name}' is not a column of both tables`, {
        details: [{ property: 'key', message: 'no such column', sent: name, allowed: columns.common }],
      })
  for (const side of ['before', 'after'] as const) await refuseRepeatedKeys(compared, side)
  const values = columns.common.filter(name => !key.includes(name))
  const same = (name: string) =>
    `${comparable(columns, name, 'before')} is not distinct from ${comparable(columns, name, 'after')}`
  const join = `from before full outer join after on ${key.map(same).join(' and ')}`
  const [inBefore, inAfter] = ['before.rowid is not null', 'after.rowid is not null']
  const differs = values.map(name => `not (${same(name)})`)
  const anyDiffers = differs.length === 0 ? 'false' : `(${differs.join(' or ')})`
  const counts = [
    `count(*) filter (not (${inBefore})) as added`,
    `count(*) filter (not (${inAfter})) as removed`,
    `count(*) filter (${inBefore} and ${inAfter} and ${anyDiffers}) as changed`,
    `count(*) filter (${inBefore} and ${inAfter} and not ${anyDiffers}) as unchanged`,
    ...differs.map((differ, i) => `count(*) filter (${inBefore} and ${inAfter} and ${differ}) as c${i}`),
  ]
  const [found = {}] = await engine.rows<Record<string, string>>(`select ${counts.join(', ')} ${join}`)
  const rows = {
    added: Number(found.added),
    removed: Number(found.removed),
    changed: Number(found.changed),
    unchanged: Number(found.unchanged),
  }
  const changedColumns = Object.fromEntries(
    values.map((name, i) => [name, Number(found[`c${i}`])] as const).filter(([, count]) => count > 0),
  )
  const sides = [`${inBefore} as l`, `${inAfter} as r`, 'before as b', 'after as a']
  const shown = await engine.rows<{ l: boolean; r: boolean; b: Row; a: Row }>(
    `select ${sides.join(', ')} ${join} where not (${inBefore}) or not (${inAfter}) or ${anyDiffers} order by not (${inBefore} and ${inAfter}), before.rowid, after.rowid limit ${request.sample}`,
  )
  return { rows, changed_columns: changedColumns, sample: shown.map(row => changeOf(row, columns)) }
}

function changeOf({ l, r, b, a }: { l: boolean; r: boolean; b: Row; a: Row }, columns: Compared['columns']) {
  const change = l && r ? ('changed' as const) : l ? ('removed' as const) : ('added' as const)
  return {
    change,
    ...(l ? { before: cells(b, columns.before) } : {}),
    ...(r ? { after: cells(a, columns.after) } : {}),
  }
}

async function refuseRepeatedKeys({ engine, request }: Compared, side: 'before' | 'after'): Promise<void> {
  const key = request.key.map(identifier).join(', ')
  const [found] = await engine.rows<{ n: string; example: Json }>(
    `select count(*) as n, any_value({${request.key.map((name, i) => `k${i}: ${identifier(name)}::varchar`).join(', ')}}) as example from (select ${key} from ${side} group by ${key} having count(*) > 1)`,
  )
  if (Number(found?.n ?? 0) === 0) return
  const { name } = side === 'before' ? request.left : request.right
  const example = Object.values((found?.example ?? {}) as Row).join(', ')
  throw new HaganeError(
    'invalid',
    `key: ${request.key.join(', ')} does not name one row in ${name}: ${found?.n} values repeat, such as ${example}`,
    {
      details: [{ property: 'key', message: 'not unique', sent: request.key }],
      hint: 'add columns to the key, or leave it out to compare whole rows',
    },
  )
}
