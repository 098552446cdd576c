import type { Relation } from '../relation.ts'
import { ORIGIN } from '../relation.ts'
import { identifier, list, literal } from '../sql-text.ts'
import { refusal } from './document.ts'

const digits: Record<string, readonly [string, string]> = {
  yyyy: ['%Y', '\\d{4}'],
  MM: ['%m', '\\d{2}'],
  dd: ['%d', '\\d{2}'],
  HH: ['%H', '\\d{2}'],
  mm: ['%M', '\\d{2}'],
  ss: ['%S', '\\d{2}'],
}
const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')

interface Field {
  name: string
  /** For a date: how it is written, as strptime takes it. */
  dateFormat?: string
}

/** A format that ends a path, such as `/{year}/{file}.csv` or `{when:yyyy/MM/dd}/x.csv`, as a regular expression and its fields. */
export function parsePartitionFormat(format: string): { pattern: string; fields: Field[] } {
  const fields: Field[] = []
  let pattern = format.startsWith('/') ? '' : '(?:^|/)'
  let at = 0
  for (const found of format.matchAll(/\{([^{}:]+)(?::([^{}]+))?\}/g)) {
    const [whole, name = '', date] = found
    if (fields.some(field => field.name === name)) throw refusal(`partition_format: '${name}' stands twice`)
    const parts = date?.split(/(yyyy|MM|dd|HH|mm|ss)/)
    pattern += `${escaped(format.slice(at, found.index))}(${parts?.map(part => digits[part]?.[1] ?? escaped(part)).join('') ?? '[^/]+?'})`
    fields.push(
      parts === undefined ? { name } : { name, dateFormat: parts.map(part => digits[part]?.[0] ?? part).join('') },
    )
    at = found.index + whole.length
  }
  if (fields.length === 0) throw refusal(`partition_format: '${format}' has no {field}`)
  return { pattern: `${pattern}${escaped(format.slice(at))}$`, fields }
}

/** One more column for each field; all are null where the path is written otherwise. */
export function partitionColumns(relation: Relation, format: string): Relation {
  const { pattern, fields } = parsePartitionFormat(format)
  const names = fields.map((_, i) => `f${i}`)
  const values = fields.map(({ name, dateFormat }, i) => {
    const text = `__hagane_parts.f${i}`
    const value = dateFormat === undefined ? text : `try_strptime(${text}, ${literal(dateFormat)})`
    return `case when ${matches(pattern)} then ${value} end as ${identifier(name)}`
  })
  const replaced = relation.columns.filter(({ name }) => !fields.some(field => field.name === name))
  const kept = [...replaced.map(({ name }) => identifier(name)), ...values, ORIGIN]
  return {
    sql: `select ${kept.join(', ')} from (select *, regexp_extract(${ORIGIN}, ${literal(pattern)}, ${list(names)}) as __hagane_parts from (${relation.sql}))`,
    columns: [
      ...replaced,
      ...fields.map(({ name, dateFormat }) => ({ name, type: dateFormat === undefined ? 'VARCHAR' : 'TIMESTAMP' })),
    ],
  }
}

const matches = (pattern: string): string => `regexp_matches(${ORIGIN}, ${literal(pattern)})`
