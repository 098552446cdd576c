import { type ColumnKind, HaganeError } from '@hagane/contract'
import { columnTypeOf, isNumeric } from '../../column-type.ts'
import type { Engine } from '../../engine.ts'
import { identifier } from '../../sql-text.ts'
import type { DriftOptions } from '../types.ts'
import type { Feature, Side } from './side.ts'

/** Rows of the reference that tell whether text is prose. */
const SAMPLE = 10_000
/** Words on average, and share of different values, from which text is prose and not categories. */
const WORDS = 3
const DIFFERENT = 0.2

type Columns = Side['relation']['columns']

/** Features that both sides have, with what each is taken for. Throws invalid for names that are no columns of both. */
export async function featuresOf(
  engine: Engine,
  reference: Side,
  current: Side,
  options: DriftOptions,
): Promise<Feature[]> {
  const now = new Map(current.relation.columns.map(({ name, type }) => [name, type]))
  const shared = reference.relation.columns.filter(
    ({ name }) => now.has(name) && name !== options.id && ![...reference.marks, ...current.marks].includes(name),
  )
  refuseUnknown(options, shared, current.marks)
  const chosen = options.features === undefined ? shared : shared.filter(({ name }) => options.features?.includes(name))
  const kinds = await kindsOf(engine, reference, chosen, options.kinds ?? {})
  return chosen.map(({ name, type }) => {
    const currentType = now.get(name) as string
    return {
      name,
      kind: kinds.get(name) as ColumnKind,
      whole: columnTypeOf(type) === 'integer' && columnTypeOf(currentType) === 'integer',
      referenceType: type,
      currentType,
    }
  })
}

/** What the columns of a table are taken for: by type, and text by what it holds. */
export async function kindsOf(
  engine: Engine,
  { relation }: Side,
  columns: Columns,
  set: Readonly<Record<string, ColumnKind>>,
): Promise<Map<string, ColumnKind>> {
  const open = columns.filter(({ name, type }) => !Object.hasOwn(set, name) && columnTypeOf(type) === 'string')
  const prose = await proseOf(engine, relation.sql, open)
  return new Map(
    columns.map(({ name, type }) => [
      name,
      Object.hasOwn(set, name) ? (set[name] as ColumnKind) : prose.has(name) ? 'text' : kindByType(type),
    ]),
  )
}

function kindByType(type: string): ColumnKind {
  const kind = columnTypeOf(type)
  if (isNumeric(kind)) return 'numeric'
  if (kind === 'boolean') return 'boolean'
  return kind === 'timestamp' || kind === 'date' ? 'time' : 'categorical'
}

async function proseOf(engine: Engine, sql: string, columns: Columns): Promise<Set<string>> {
  if (columns.length === 0) return new Set()
  const facts = columns.flatMap(({ name }, i) => {
    const column = `${identifier(name)}::varchar`
    return [
      `avg(len(string_split(trim(${column}), ' '))) as w${i}`,
      `approx_count_distinct(${column}) / greatest(count(${column}), 1) as d${i}`,
    ]
  })
  const [found = {}] = await engine.rows(`select ${facts.join(', ')} from (select * from (${sql}) limit ${SAMPLE})`)
  return new Set(
    columns
      .filter((_, i) => Number(found[`w${i}`]) >= WORDS && Number(found[`d${i}`]) >= DIFFERENT)
      .map(({ name }) => name),
  )
}

function refuseUnknown(
  { features = [], kinds = {}, id, time }: DriftOptions,
  shared: Columns,
  marks: readonly string[],
): void {
  const known = [...shared.map(({ name }) => name), ...marks]
  const asked = [
    ...features.map(name => ['features', name] as const),
    ...Object.keys(kinds).map(name => ['kinds', name] as const),
    ...(time === undefined ? [] : [['time', time] as const]),
  ]
  const wrong = asked.filter(([, name]) => !known.includes(name) && name !== id)
  if (wrong.length === 0) return
  throw new HaganeError('invalid', `no column of both tables: ${wrong.map(([, name]) => name).join(', ')}`, {
    details: wrong.map(([property, name]) => ({ property, message: 'no such column', sent: name, allowed: known })),
    hint: known.length === 0 ? 'the tables have no column in common' : `both tables have ${known.join(', ')}`,
  })
}
