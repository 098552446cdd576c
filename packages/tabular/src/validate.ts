import type { ExpectationResult, ValidationReport } from '@hagane/contract'
import { ks, psi } from './checks/drift.ts'
import { exampleRows } from './checks/examples.ts'
import { type RowCheck, rowChecks } from './checks/row-checks.ts'
import { freshness, presence, rowCount } from './checks/table-checks.ts'
import { uniqueness } from './checks/uniqueness.ts'
import { columnTypeOf, isOrdered } from './column-type.ts'
import type { Engine } from './engine.ts'
import { stored } from './profile.ts'
import { readTable } from './read-table.ts'
import type { Relation } from './relation.ts'
import type { ValidateRequest } from './requests.ts'
import { identifier } from './sql-text.ts'

type Columns = Relation['columns']

/** Checks a table against expectations: every one is answered, in the order of the file. */
export async function validateTable(engine: Engine, request: ValidateRequest): Promise<ValidationReport> {
  const { expectations: file, source, reference, now } = request
  const { columns } = await stored(engine, await readTable(engine, source), 'checked')
  const [counted] = await engine.rows<{ n: string }>('select count(*) as n from checked')
  const rows = Number(counted?.n ?? 0)
  const known = Object.entries(file.columns).flatMap(([name, wanted]) => {
    const found = columns.find(column => column.name === name)
    return found === undefined ? [] : [{ ...found, wanted }]
  })
  const perRow = known.flatMap(({ name, type, wanted }) => rowChecks(name, type, wanted))
  const results = [
    ...rowCount(file, rows),
    ...presence(file, columns),
    ...(await answerRowChecks(engine, perRow, columns, rows)),
    ...(await meanResults(engine, known)),
    ...(await uniqueness(engine, file, columns)),
    ...(await freshness(engine, file, columns, now)),
    ...(reference === undefined ? [] : await driftResults(engine, request, columns)),
  ]
  return {
    name: file.name ?? source.name,
    data: source.name,
    ...(reference === undefined ? {} : { reference: reference.name }),
    passed: results.every(({ passed }) => passed),
    rows,
    checked_at: now,
    results,
  }
}

/** All row checks in one pass over the table; examples only for those that fail. */
async function answerRowChecks(
  engine: Engine,
  checks: readonly RowCheck[],
  columns: Columns,
  rows: number,
): Promise<ExpectationResult[]> {
  if (checks.length === 0) return []
  const counts = checks.map(({ fails }, i) => `count(*) filter (${fails}) as c${i}`)
  const [found = {}] = await engine.rows<Record<string, string>>(`select ${counts.join(', ')} from checked`)
  const results: ExpectationResult[] = []
  for (const [i, check] of checks.entries()) {
    const failing = Number(found[`c${i}`])
    const passed = failing <= check.tolerated(rows)
    results.push({
      column: check.column,
      expectation: check.expectation,
      passed,
      allowed: check.allowed,
      observed:
        failing === 0
          ? 'every row'
          : `${failing} of ${rows} rows ${check.expectation === 'nulls' ? 'have no value' : 'fail'}`,
      failing_rows: failing,
      examples: passed ? [] : await exampleRows(engine, check.fails, columns),
    })
  }
  return results
}

type Known = { name: string; type: string; wanted: ValidateRequest['expectations']['columns'][string] }

async function meanResults(engine: Engine, known: readonly Known[]): Promise<ExpectationResult[]> {
  const results: ExpectationResult[] = []
  for (const { name, wanted } of known) {
    if (wanted.mean === undefined) continue
    const { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY } = wanted.mean
    const [found] = await engine.rows<{ mean: number | null }>(
      `select avg(try_cast(${identifier(name)} as double)) as mean from checked`,
    )
    const mean = found?.mean ?? null
    results.push({
      column: name,
      expectation: 'mean',
      passed: mean !== null && mean >= min && mean <= max,
      allowed: `${min} to ${max}`,
      observed: mean === null ? 'no number' : String(mean),
      examples: [],
    })
  }
  return results
}

async function driftResults(
  engine: Engine,
  { expectations: file, reference }: ValidateRequest,
  columns: Columns,
): Promise<ExpectationResult[]> {
  if (reference === undefined) return []
  const before = (await stored(engine, await readTable(engine, reference), 'reference')).columns
  const results: ExpectationResult[] = []
  for (const { name, type } of columns) {
    const own = file.columns[name]?.drift
    const limits = own ?? file.drift
    const there = before.find(column => column.name === name)
    if (limits === undefined || (there === undefined && own === undefined)) continue
    const comparable = there !== undefined && columnTypeOf(there.type) === columnTypeOf(type)
    for (const [measure, limit] of Object.entries(limits)) {
      if (limit === undefined || (measure === 'ks' && !isOrdered(columnTypeOf(type)) && own === undefined)) continue
      const allowed = `at most ${limit}`
      const base = { column: name, expectation: `drift ${measure}`, allowed, examples: [] }
      if (!comparable)
        results.push({
          ...base,
          passed: false,
          observed: `not a column of the reference of type ${columnTypeOf(type)}`,
        })
      else if (measure === 'ks' && !isOrdered(columnTypeOf(type)))
        results.push({ ...base, passed: false, observed: 'ks needs numbers or times; use psi' })
      else {
        const value = await (measure === 'psi' ? psi : ks)(engine, name, type)
        results.push({ ...base, passed: value <= limit, observed: value.toFixed(4) })
      }
    }
  }
  return results
}
