import { type ExpectationResult, type Expectations, HaganeError } from '@hagane/contract'
import type { Engine } from '../engine.ts'
import type { Relation } from '../relation.ts'
import { identifier } from '../sql-text.ts'
import { exampleRows } from './examples.ts'

/** Whether columns, alone or together, name a row. Rows without a value in one of them are left out, as SQL's unique does. */
export async function uniqueness(
  engine: Engine,
  file: Expectations,
  columns: Relation['columns'],
): Promise<ExpectationResult[]> {
  const single = Object.entries(file.columns).flatMap(([name, wanted]) => (wanted.unique === true ? [[name]] : []))
  const results: ExpectationResult[] = []
  for (const key of [...single, ...file.unique]) {
    const missing = key.find(name => !columns.some(column => column.name === name))
    if (missing !== undefined && key.length === 1) continue
    if (missing !== undefined)
      throw new HaganeError('invalid', `unique: '${missing}' is no column of the table`, {
        details: [
          { property: 'unique', message: 'no such column', sent: missing, allowed: columns.map(({ name }) => name) },
        ],
      })
    results.push(await isUnique(engine, key, columns))
  }
  return results
}

async function isUnique(
  engine: Engine,
  key: readonly string[],
  columns: Relation['columns'],
): Promise<ExpectationResult> {
  const names = key.map(identifier).join(', ')
  const present = key.map(name => `${identifier(name)} is not null`).join(' and ')
  const groups = `select ${names}, count(*) as n from checked where ${present} group by ${names} having count(*) > 1`
  const [found] = await engine.rows<{ keys: string; failing: string }>(
    `select count(*) as keys, coalesce(sum(n), 0) as failing from (${groups})`,
  )
  const failing = Number(found?.failing ?? 0)
  const repeated = `(${names}) in (select ${names} from (${groups}))`
  return {
    column: key.join(', '),
    expectation: 'unique',
    passed: failing === 0,
    allowed: 'each value once',
    observed: failing === 0 ? 'each value once' : `${found?.keys} values repeat, in ${failing} rows`,
    failing_rows: failing,
    examples: failing === 0 ? [] : await exampleRows(engine, repeated, columns),
  }
}
