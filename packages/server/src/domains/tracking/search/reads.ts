import { type RawBuilder, sql } from 'kysely'
import type { Dialect } from '../../../kernel/db/index.ts'
import { invalidParameter } from '../wire/mlflow-error.ts'
import type { Comparison } from './grammar.ts'

export type Condition = RawBuilder<boolean>
type Expression = RawBuilder<unknown>

const MAX_PATTERN = 10_000

/** LIKE is case-sensitive in both engines (the kernel's pragma), ILIKE is not; a backslash is an ordinary character. */
const likes: Record<Dialect, (column: Expression, pattern: string) => { LIKE: Condition; ILIKE: Condition }> = {
  sqlite: (column, pattern) => ({
    LIKE: sql`${column} like ${pattern}`,
    ILIKE: sql`lower(${column}) like lower(${pattern})`,
  }),
  postgres: (column, pattern) => ({
    LIKE: sql`${column} like ${pattern} escape ''`,
    ILIKE: sql`${column} ilike ${pattern} escape ''`,
  }),
}

const plain = { '=': sql`=`, '!=': sql`<>`, '>': sql`>`, '>=': sql`>=`, '<': sql`<`, '<=': sql`<=` } as const

/** A comparison of a filter as SQL on a column; the value is always bound. NULL in the column matches nothing. */
export function matches(dialect: Dialect, column: Expression, { operator, value }: Comparison): Condition {
  if (operator === 'IS NULL') return sql`${column} is null`
  if (operator === 'IS NOT NULL') return sql`${column} is not null`
  if (operator === 'IN' || operator === 'NOT IN') {
    const listed = sql`(${sql.join([...new Set(value as readonly string[])])})`
    return operator === 'IN' ? sql`${column} in ${listed}` : sql`${column} not in ${listed}`
  }
  if (operator === 'LIKE' || operator === 'ILIKE') {
    const pattern = String(value)
    if (pattern.length > MAX_PATTERN)
      throw invalidParameter(`A ${operator} pattern can have at most ${MAX_PATTERN} characters.`)
    return likes[dialect](column, pattern)[operator]
  }
  return sql`${column} ${plain[operator]} ${value}`
}

/** Rows whose number is among many: one bound value however long the list is. */
export const amongNumbers = (dialect: Dialect, column: Expression, numbers: readonly number[]): Condition =>
  dialect === 'sqlite'
    ? sql`${column} in (select value from json_each(${JSON.stringify(numbers)}))`
    : sql`${column} = any(${numbers}::bigint[])`

/** Rows whose text is among many. */
export const amongTexts = (dialect: Dialect, column: Expression, texts: readonly string[]): Condition =>
  dialect === 'sqlite'
    ? sql`${column} in (select value from json_each(${JSON.stringify(texts)}))`
    : sql`${column} = any(${texts}::text[])`

/** `expression asc|desc` with absent values last in both directions. */
export const ordered = (expression: Expression, ascending: boolean): RawBuilder<unknown> =>
  sql`(${expression}) is null, ${expression} ${ascending ? sql`asc` : sql`desc`}`

export const allOf = (conditions: readonly Condition[]): Condition =>
  conditions.length === 0 ? sql`1 = 1` : sql`${sql.join(conditions, sql` and `)}`
