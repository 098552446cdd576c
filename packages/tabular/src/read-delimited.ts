import { createReadStream, createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Engine } from './engine.ts'
import type { DelimitedOptions } from './mltable/document.ts'
import { ORIGIN, type Relation } from './relation.ts'
import { identifier, list, literal } from './sql-text.ts'

interface Layout {
  delimiter: string
  encoding: string
  options: DelimitedOptions
}
interface Shape {
  file: string
  names: string[]
  hasHeader: boolean
  width: number
}

/**
 * Delimited files as one relation. Every field is read as text and each column's type is found over all of its rows: nothing
 * is guessed from a sample, so nothing is lost further down. `texts` are columns that stay as they were written.
 */
export async function readDelimited(
  engine: Engine,
  options: DelimitedOptions,
  files: readonly string[],
  texts: (names: string[]) => string[],
): Promise<Relation> {
  const layout: Layout = {
    delimiter: options.delimiter === '\\t' ? '\t' : options.delimiter,
    encoding: { utf16: 'utf-16', latin1: 'latin-1', iso88591: 'latin-1' }[options.encoding as string] ?? 'utf-8',
    options,
  }
  const readable = options.encoding === 'windows1252' ? await transcoded(engine, files) : new Map<string, string>()
  const shapes = await shapesOf(engine, layout, files, readable)
  const present = shapes.filter(shape => shape.width > 0)
  if (present.length === 0) return { sql: `select null::varchar as ${ORIGIN} where false`, columns: [] }
  const sql = `select * from (${unionOf(layout, present, readable)})`
  const names = [...new Set(present.flatMap(shape => shape.names))]
  return typed(engine, { sql, columns: names.map(name => ({ name, type: 'VARCHAR' })) }, options, new Set(texts(names)))
}

async function shapesOf(engine: Engine, layout: Layout, files: readonly string[], readable: Map<string, string>) {
  const { header } = layout.options
  const shapes: Shape[] = []
  for (const file of files) {
    const isFirst = !shapes.some(shape => shape.width > 0)
    const hasHeader = header === 'from_first_file' ? isFirst : header !== 'no_header'
    shapes.push(await shapeOf(engine, layout, file, readable.get(file) ?? file, hasHeader))
  }
  if (header === 'all_files_different_headers')
    return shapes.map(shape => ({ ...shape, names: named(shape.names, shape.width) }))
  const first = shapes.find(shape => shape.width > 0)
  const widest = Math.max(0, ...shapes.map(shape => shape.width))
  const names = named(first?.names ?? [], widest)
  return shapes.map(shape => ({ ...shape, names }))
}

/** The names of a file's header and the fields of its widest row. */
async function shapeOf(engine: Engine, layout: Layout, file: string, path: string, hasHeader: boolean): Promise<Shape> {
  const [first] = await engine.rows<Record<string, string | null>>(
    `select * from read_csv(${literal(path)}, header = false, all_varchar = true, sample_size = -1, ${dialect(layout)}) limit 1`,
  )
  const fields = first === undefined ? [] : Object.values(first)
  return { file, hasHeader, width: fields.length, names: hasHeader ? fields.map(field => field ?? '') : [] }
}

/** Column3 for a name that is missing, x_1 for the second x. */
function named(names: readonly string[], width: number): string[] {
  const seen = new Set<string>()
  return Array.from({ length: width }, (_, i) => {
    const name = names[i] || `Column${i + 1}`
    let unique = name
    for (let count = 1; seen.has(unique.toLowerCase()); count++) unique = `${name}_${count}`
    seen.add(unique.toLowerCase())
    return unique
  })
}

const dialect = ({ delimiter, encoding }: Layout): string =>
  `delim = ${literal(delimiter)}, quote = '"', escape = '"', null_padding = true, strict_mode = false, encoding = ${literal(encoding)}`

/** Runs of files that are read alike become one read; their order is kept. */
function unionOf(layout: Layout, shapes: readonly Shape[], readable: Map<string, string>): string {
  const runs: Shape[][] = []
  for (const shape of shapes) {
    const last = runs.at(-1)?.[0]
    const alike =
      last !== undefined && last.hasHeader === shape.hasHeader && last.names.join('\0') === shape.names.join('\0')
    if (alike) runs.at(-1)?.push(shape)
    else runs.push([shape])
  }
  return runs.map(run => readRun(layout, run, readable)).join(' union all by name ')
}

function readRun(layout: Layout, run: readonly Shape[], readable: Map<string, string>): string {
  const [{ names, hasHeader }] = run as [Shape]
  const columns = names.map(name => `${literal(name)}: 'VARCHAR'`).join(', ')
  const nulls = `nullstr = ${literal(layout.options.empty_as_string ? NO_TEXT : '')}, `
  const paths = run.map(({ file }) => readable.get(file) ?? file)
  const origin =
    readable.size === 0
      ? ''
      : `map_from_entries([${run.map(({ file }) => `(${literal(readable.get(file) ?? file)}, ${literal(file)})`).join(', ')}])`
  const blank = names.length === 1 ? ` where ${identifier(names[0] ?? '')} is not null` : ''
  return `select * exclude (filename), ${origin === '' ? 'filename' : `${origin}[filename]`} as ${ORIGIN} from read_csv(${list(paths)}, auto_detect = false, header = false, skip = ${hasHeader ? 1 : 0}, ${nulls}columns = {${columns}}, filename = true, ${dialect(layout)})${blank}`
}

/** DuckDB reads UTF-8, UTF-16 and Latin-1; the rest is rewritten first. */
async function transcoded(engine: Engine, files: readonly string[]): Promise<Map<string, string>> {
  const written = new Map<string, string>()
  for (const [i, file] of files.entries()) {
    const target = join(engine.scratch, `text-${i}.csv`)
    const decoder = new TextDecoder('windows-1252')
    const decode = new Transform({
      transform: (chunk: Buffer, _encoding, done) => done(null, decoder.decode(chunk, { stream: true })),
    })
    await pipeline(createReadStream(file), decode, createWriteStream(target))
    written.set(file, target)
  }
  return written
}

/** Nobody writes this: with it as the text of null, an empty text stays one. */
const NO_TEXT = '\u0001no text is this\u0001'

const DATE = '\\d{4}[-/]\\d{1,2}[-/]\\d{1,2}([T ]\\d{2}:\\d{2}:\\d{2}(\\.\\d+)?(Z|[+-]\\d{2}:?\\d{2})?)?'

/** What a column may be, the narrowest first: when all its texts are such, and how they become it. */
const kinds = [
  {
    type: 'BIGINT',
    fits: (c: string) => `regexp_full_match(${c}, '\\s*[-+]?\\d+\\s*') and try_cast(trim(${c}) as bigint) is not null`,
    cast: (c: string) => `cast(trim(${c}) as bigint)`,
  },
  {
    type: 'DOUBLE',
    fits: (c: string) => `try_cast(${c} as double) is not null`,
    cast: (c: string) => `cast(${c} as double)`,
  },
  {
    type: 'BOOLEAN',
    fits: (c: string) => `lower(${c}) in ('true', 'false')`,
    cast: (c: string) => `(lower(${c}) = 'true')`,
  },
  {
    type: 'TIMESTAMP',
    fits: (c: string) => `regexp_full_match(${c}, ${literal(DATE)}) and try_cast(${c} as timestamptz) is not null`,
    cast: (c: string) => `(cast(${c} as timestamptz) at time zone 'UTC')`,
  },
] as const

/** Gives each column the narrowest type that all of its values fit. */
async function typed(
  engine: Engine,
  relation: Relation,
  options: DelimitedOptions,
  texts: ReadonlySet<string>,
): Promise<Relation> {
  const open = options.infer_column_types === false ? [] : relation.columns.filter(({ name }) => !texts.has(name))
  if (open.length === 0) return relation
  const tests = open.flatMap(({ name }, i) => {
    const column = identifier(name)
    return [
      `count(${column}) as n${i}`,
      ...kinds.map(({ fits }, k) => `count(*) filter (${column} is not null and not (${fits(column)})) as k${i}_${k}`),
    ]
  })
  const [found = {}] = await engine.rows<Record<string, string>>(`select ${tests.join(', ')} from (${relation.sql})`)
  const chosen = new Map(
    open.flatMap(({ name }, i) => {
      const kind = Number(found[`n${i}`]) === 0 ? undefined : kinds.find((_, k) => Number(found[`k${i}_${k}`]) === 0)
      return kind === undefined ? [] : [[name, kind] as const]
    }),
  )
  const columns = relation.columns.map(({ name, type }) => ({ name, type: chosen.get(name)?.type ?? type }))
  const select = relation.columns.map(({ name }) => {
    const kind = chosen.get(name)
    return kind === undefined ? identifier(name) : `${kind.cast(identifier(name))} as ${identifier(name)}`
  })
  return { sql: `select ${[...select, ORIGIN].join(', ')} from (${relation.sql})`, columns }
}
