import { ORIGIN, type Relation } from '../relation.ts'
import { identifier, list, literal } from '../sql-text.ts'
import { kindOf, selectedColumns } from './columns.ts'
import { type Conversion, refusal, type Step } from './document.ts'
import { filterCondition } from './filter.ts'
import { partitionColumns } from './partition.ts'

/** One step after the reader, as a query around the table so far. */
export function applyStep(relation: Relation, step: Step): Relation {
  const { sql, columns } = relation
  const names = columns.map(({ name }) => name)
  const around = (text: string): Relation => ({ sql: text, columns })
  switch (step.name) {
    case 'take':
      return around(`select * from (${sql}) limit ${step.argument}`)
    case 'skip':
      return around(`select * from (${sql}) offset ${step.argument}`)
    case 'sample':
      return around(sampled(sql, step.argument.sampler_arguments))
    case 'take_random_sample':
      return around(sampled(sql, step.argument))
    case 'filter':
      return around(`select * from (${sql}) where ${filterCondition(step.argument, relation)}`)
    case 'drop_columns':
      return kept(
        relation,
        names.filter(name => !selectedColumns(names, step.argument).includes(name)),
      )
    case 'keep_columns':
      return kept(relation, selectedColumns(names, step.argument))
    case 'convert_column_types':
      return step.argument.reduce(converted, relation)
    case 'extract_columns_from_partition_format':
      return partitionColumns(relation, step.argument.partition_format)
    default:
      return relation
  }
}

function kept({ sql, columns }: Relation, names: readonly string[]): Relation {
  return {
    sql: `select ${[...names.map(identifier), ORIGIN].join(', ')} from (${sql})`,
    columns: columns.filter(({ name }) => names.includes(name)),
  }
}

interface Drawn {
  probability: number
  probability_lower_bound: number
  seed?: number | null | undefined
}

/** A row is drawn by the MD5 of seed and row number: a job, which reads the table with Python, draws the same ones. */
function sampled(sql: string, { probability, probability_lower_bound: lower, seed }: Drawn): string {
  const drawn = `('0x' || substr(md5(concat(${literal(`${seed ?? 0}:`)}, row_number() over () - 1)), 1, 8))::bigint / 4294967296.0`
  return `select * exclude (__hagane_drawn) from (select *, ${drawn} as __hagane_drawn from (${sql})) where __hagane_drawn >= ${lower} and __hagane_drawn < ${probability}`
}

function converted(relation: Relation, conversion: Conversion): Relation {
  const names = relation.columns.map(({ name }) => name)
  const chosen = selectedColumns(names, conversion.columns)
  if (chosen.length === 0) return relation
  const columns = relation.columns.map(column =>
    chosen.includes(column.name) ? { name: column.name, type: targetType(conversion) } : column,
  )
  const select = relation.columns.map(({ name, type }) =>
    chosen.includes(name) ? `${cast(identifier(name), type, conversion)} as ${identifier(name)}` : identifier(name),
  )
  return { sql: `select ${[...select, ORIGIN].join(', ')} from (${relation.sql})`, columns }
}

const targetType = (conversion: Conversion): string =>
  ({ int: 'BIGINT', float: 'DOUBLE', boolean: 'BOOLEAN', datetime: 'TIMESTAMP' })[kindOf(conversion).kind as string] ??
  'VARCHAR'

/** What does not convert becomes null; a fraction is cut off when a column becomes int. */
function cast(column: string, type: string, conversion: Conversion): string {
  const { kind, booleans, dates } = kindOf(conversion)
  if (kind === 'float') return `try_cast(${column} as double)`
  if (kind === 'int') {
    const whole = `try_cast(trunc(try_cast(${column} as double)) as bigint)`
    return type === 'BIGINT'
      ? column
      : `coalesce(case when regexp_full_match(${column}::varchar, '[-+]?\\d+') then try_cast(${column}::varchar as bigint) end, ${whole})`
  }
  if (kind === 'boolean') {
    const yes = (booleans?.true_values ?? ['true', 't', '1']).map(word => word.toLowerCase())
    const no = (booleans?.false_values ?? ['false', 'f', '0']).map(word => word.toLowerCase())
    const other =
      booleans?.mismatch_as === undefined || booleans.mismatch_as === 'error' ? 'null' : booleans.mismatch_as
    const text = `lower(${column}::varchar)`
    return `case when ${column} is null then null when list_contains(${list(yes)}::varchar[], ${text}) then true when list_contains(${list(no)}::varchar[], ${text}) then false else ${other} end`
  }
  if (dates === undefined) return `${column}::varchar`
  const constant = dates.date_constant
  const formats = [dates.formats].flat().map(format => (constant === undefined ? format : `%Y-%m-%d ${format}`))
  if (formats.some(format => format.length > 200)) throw refusal('datetime: a format has at most 200 characters')
  const text = constant === undefined ? `${column}::varchar` : `(${literal(`${constant} `)} || ${column}::varchar)`
  return `try_strptime(${text}, ${list(formats)})`
}
