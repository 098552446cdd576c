import type { ColumnExpectations } from '@hagane/contract'
import { HaganeError } from '@hagane/contract'
import { columnTypeOf, isNumeric } from '../column-type.ts'
import { identifier, list, literal } from '../sql-text.ts'

/** An expectation that each row meets or not. A missing value meets all but `nulls`. */
export interface RowCheck {
  column: string
  expectation: string
  allowed: string
  /** Condition of SQL that is true for a row that fails. */
  fails: string
  /** How many rows may fail. */
  tolerated: (rows: number) => number
}

const none = () => 0

/** The row checks of one column of a type. */
export function rowChecks(name: string, type: string, wanted: ColumnExpectations): RowCheck[] {
  const column = identifier(name)
  const check = (
    expectation: string,
    allowed: string,
    fails: string,
    tolerated: RowCheck['tolerated'] = none,
  ): RowCheck => ({
    column: name,
    expectation,
    allowed,
    fails: `coalesce(${fails}, false)`,
    tolerated,
  })
  const checks: RowCheck[] = []
  if (wanted.min !== undefined)
    checks.push(check('min', `at least ${wanted.min}`, `${column} < ${bound(name, type, 'min', wanted.min)}`))
  if (wanted.max !== undefined)
    checks.push(check('max', `at most ${wanted.max}`, `${column} > ${bound(name, type, 'max', wanted.max)}`))
  if (wanted.allowed !== undefined)
    checks.push(check('allowed', wanted.allowed.join(', '), outside(column, type, wanted.allowed)))
  if (wanted.regex !== undefined)
    checks.push(check('regex', wanted.regex, `not regexp_full_match(${column}::varchar, ${literal(wanted.regex)})`))
  if (wanted.nulls !== undefined) {
    const { max_count: count, max_fraction: fraction } = wanted.nulls
    const limits = [
      count === undefined ? [] : [`at most ${count}`],
      fraction === undefined ? [] : [`at most ${fraction * 100} %`],
    ].flat()
    checks.push(
      check('nulls', limits.join(' and ') || 'none', `${column} is null`, rows =>
        limits.length === 0 ? 0 : Math.min(count ?? rows, Math.floor((fraction ?? 1) * rows)),
      ),
    )
  }
  return checks
}

function outside(column: string, type: string, allowed: readonly (string | number | boolean)[]): string {
  const numbers = allowed.filter(value => typeof value === 'number')
  if (isNumeric(columnTypeOf(type)) && numbers.length === allowed.length)
    return `not list_contains([${numbers.map(value => `${value}::double`).join(', ')}], ${column}::double)`
  return `not list_contains(${list(allowed.map(String))}, ${column}::varchar)`
}

function bound(name: string, type: string, property: 'min' | 'max', value: number | string): string {
  const kind = columnTypeOf(type)
  if (isNumeric(kind) && typeof value === 'number') return `${value}::double`
  if (kind === 'timestamp' && typeof value === 'string' && !Number.isNaN(Date.parse(value)))
    return `${literal(value)}::timestamptz at time zone 'UTC'`
  if (kind === 'date' && typeof value === 'string' && !Number.isNaN(Date.parse(value))) return `${literal(value)}::date`
  if (kind === 'string') return literal(String(value))
  throw new HaganeError(
    'invalid',
    `columns.${name}.${property}: ${value} does not compare with a column of type ${kind}`,
    {
      details: [
        {
          property: `columns.${name}.${property}`,
          message: 'does not fit the column',
          sent: value,
          allowed: isNumeric(kind) ? 'a number' : 'a date or time in ISO 8601',
        },
      ],
    },
  )
}
