import type { ExpectationResult, Expectations } from '@hagane/contract'
import { HaganeError } from '@hagane/contract'
import { columnTypeOf } from '../column-type.ts'
import type { Engine } from '../engine.ts'
import type { Relation } from '../relation.ts'
import { identifier } from '../sql-text.ts'

type Columns = Relation['columns']
const whole = { column: null, examples: [] }

/** Whether the table has as many rows as it should. */
export function rowCount({ rows: wanted }: Expectations, rows: number): ExpectationResult[] {
  if (wanted === undefined) return []
  const { min = 0, max = Number.POSITIVE_INFINITY } = wanted
  const allowed = max === Number.POSITIVE_INFINITY ? `at least ${min}` : `${min} to ${max}`
  return [{ ...whole, expectation: 'rows', passed: rows >= min && rows <= max, allowed, observed: String(rows) }]
}

/** Whether the columns are there, of the type they should have, and no others. */
export function presence(file: Expectations, columns: Columns): ExpectationResult[] {
  const results: ExpectationResult[] = []
  for (const [name, wanted] of Object.entries(file.columns)) {
    const found = columns.find(column => column.name === name)
    const observed = found === undefined ? 'no such column' : columnTypeOf(found.type)
    if (found === undefined) {
      if (wanted.required)
        results.push({
          column: name,
          expectation: 'required',
          passed: false,
          allowed: 'a column',
          observed,
          examples: [],
        })
    } else if (wanted.type !== undefined)
      // a column of whole numbers is one of numbers
      results.push({
        column: name,
        expectation: 'type',
        passed: observed === wanted.type || (wanted.type === 'number' && observed === 'integer'),
        allowed: wanted.type,
        observed,
        examples: [],
      })
  }
  const more = columns.filter(({ name }) => !Object.hasOwn(file.columns, name)).map(({ name }) => name)
  if (file.extra_columns === 'refuse')
    results.push({
      ...whole,
      expectation: 'extra_columns',
      passed: more.length === 0,
      allowed: 'none',
      observed: more.join(', ') || 'none',
    })
  return results
}

const seconds: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 }

/** Whether the newest row is young enough. */
export async function freshness(
  engine: Engine,
  { freshness: wanted }: Expectations,
  columns: Columns,
  now: string,
): Promise<ExpectationResult[]> {
  if (wanted === undefined) return []
  const { column, max_age: age, as_of: asOf = now } = wanted
  const base = { column, expectation: 'freshness', allowed: `newest row at most ${age} before ${asOf}`, examples: [] }
  const found = columns.find(({ name }) => name === column)
  const kind = found === undefined ? undefined : columnTypeOf(found.type)
  if (kind !== 'timestamp' && kind !== 'date')
    return [
      {
        ...base,
        passed: false,
        observed: kind === undefined ? 'no such column' : `a column of type ${kind}, not of times`,
      },
    ]
  const until = Date.parse(asOf)
  if (Number.isNaN(until)) throw new HaganeError('invalid', `freshness.as_of: '${asOf}' is no time in ISO 8601`)
  const [newest] = await engine.rows<{ t: string | null; e: number | null }>(
    `select max(${identifier(column)})::varchar as t, epoch(max(${identifier(column)}::timestamp)) as e from checked`,
  )
  const limit = Number.parseFloat(age) * (seconds[age.at(-1) ?? ''] ?? 1)
  const passed = newest?.e !== null && newest?.e !== undefined && until / 1000 - Number(newest.e) <= limit
  return [
    {
      ...base,
      passed,
      observed: newest?.t === null || newest === undefined ? 'no time at all' : `newest is ${newest.t} UTC`,
    },
  ]
}
