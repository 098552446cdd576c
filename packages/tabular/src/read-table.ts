import { readdir, stat } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { HaganeError } from '@hagane/contract'
import type { Engine } from './engine.ts'
import { textColumns } from './mltable/columns.ts'
import { type DelimitedOptions, type Reader, readTableDocument, type TableDocument } from './mltable/document.ts'
import { below, findTableFiles } from './mltable/files.ts'
import { applyStep } from './mltable/steps.ts'
import { readDelimited } from './read-delimited.ts'
import { ORIGIN, type Relation } from './relation.ts'
import { identifier, list, literal } from './sql-text.ts'
import type { TableSource } from './table-source.ts'

const plain: DelimitedOptions = {
  delimiter: ',',
  header: 'all_files_same_headers',
  empty_as_string: false,
  encoding: 'utf8',
  infer_column_types: true,
  include_path_column: false,
  path_column: 'Path',
}
const noPath = { include_path_column: false, path_column: 'Path' }
const delimiters: Record<string, string> = { '.csv': ',', '.tsv': '\t', '.tab': '\t', '.psv': '|' }
const tableEndings = [...Object.keys(delimiters), '.parquet', '.jsonl', '.ndjson', '.json']

/** The table behind a source, as a query. Throws invalid when the files are no table. */
export async function readTable(engine: Engine, { path, root }: TableSource): Promise<Relation> {
  const info = await stat(path).catch(() => {
    throw new HaganeError('not_found', `nothing at ${path}`)
  })
  const isTable = info.isDirectory() && (await readdir(path)).includes('MLTable')
  const folder = info.isDirectory() ? path : join(path, '..')
  const document = isTable ? await readTableDocument(path) : undefined
  const files =
    document === undefined
      ? await plainFiles(path, root, info.isDirectory())
      : await findTableFiles(document.paths, path, root)
  return relationOf(engine, document ?? plainDocument(files), files, folder)
}

async function relationOf(
  engine: Engine,
  document: TableDocument,
  files: readonly string[],
  folder: string,
): Promise<Relation> {
  const start = await read(engine, document, files)
  const shown = withPaths(start, document.reader, folder)
  const relation = document.steps.reduce(applyStep, shown)
  const names = relation.columns.map(({ name }) => identifier(name))
  const rows =
    names.length === 0 ? 'select 1 as nothing where false' : `select ${names.join(', ')} from (${relation.sql})`
  return { sql: rows, columns: relation.columns }
}

/** Files without an MLTable: one, or a folder's, which share an ending. */
async function plainFiles(path: string, root: string, isFolder: boolean): Promise<string[]> {
  if (!isFolder) return [path]
  const files = (await below(path, root)).filter(file => tableEndings.includes(endingOf(file)))
  const endings = [...new Set(files.map(endingOf))]
  if (endings.length === 1) return files
  const found = endings.length === 0 ? 'no file of a known ending' : `files of ${endings.join(' and ')}`
  throw new HaganeError('invalid', `no table: the folder holds ${found}`, {
    hint: `a table is files of one ending (${tableEndings.join(', ')}), or a folder with a file named MLTable that says how to read it`,
  })
}

const endingOf = (file: string): string => extname(file).toLowerCase()
const plainDocument = ([first = '']: readonly string[]): TableDocument => ({
  paths: [],
  steps: [],
  reader: readerOf(endingOf(first)),
})

function readerOf(ending: string): Reader {
  if (ending === '.parquet') return { name: 'read_parquet', argument: noPath }
  if (['.jsonl', '.ndjson', '.json'].includes(ending))
    return { name: 'read_json_lines', argument: { ...noPath, invalid_lines: 'error', encoding: 'utf8' } }
  const delimiter = delimiters[ending]
  if (delimiter === undefined)
    throw new HaganeError('invalid', `no table: '${ending}' is no known ending`, {
      hint: `known: ${tableEndings.join(', ')}`,
    })
  return { name: 'read_delimited', argument: { ...plain, delimiter } }
}

async function read(engine: Engine, document: TableDocument, files: readonly string[]): Promise<Relation> {
  const { reader } = document
  if (reader === undefined)
    return {
      sql: `select unnest(${list(files)}) as "Path", unnest(${list(files)}) as ${ORIGIN}`,
      columns: [{ name: 'Path', type: 'VARCHAR' }],
    }
  if (reader.name === 'read_delimited')
    return readDelimited(engine, reader.argument, files, names => textColumns(document, names))
  const call =
    reader.name === 'read_parquet'
      ? `read_parquet(${list(files)}, filename = ${literal(ORIGIN)}, union_by_name = true)`
      : `read_json(${list(files)}, filename = ${literal(ORIGIN)}, format = ${literal(reader.argument.invalid_lines === 'drop' ? 'newline_delimited' : 'auto')}, ignore_errors = ${reader.argument.invalid_lines === 'drop'}, union_by_name = true, sample_size = -1)`
  const sql = `select * from ${call}`
  const columns = (await engine.describe(sql)).filter(({ name }) => name !== ORIGIN)
  const drops = reader.name === 'read_json_lines' && reader.argument.invalid_lines === 'drop' && columns.length > 0
  // a line that is no JSON comes as a row of nothing
  const something = columns.map(({ name }) => `${identifier(name)} is not null`).join(' or ')
  return { sql: drops ? `${sql} where ${something}` : sql, columns }
}

/** Paths as a reader of the data sees them: relative to the folder, not where it happens to lie on this machine. */
function withPaths({ sql, columns }: Relation, reader: Reader | undefined, folder: string): Relation {
  const short = `replace(${ORIGIN}, ${literal(`${folder}/`)}, '')`
  if (reader === undefined) return { sql: `select ${short} as "Path", ${ORIGIN} from (${sql})`, columns }
  if (!reader.argument.include_path_column) return { sql, columns }
  const name = reader.argument.path_column
  const others = columns.filter(column => column.name !== name)
  return {
    sql: `select ${[`${short} as ${identifier(name)}`, ...others.map(column => identifier(column.name)), ORIGIN].join(', ')} from (${sql})`,
    columns: [{ name, type: 'VARCHAR' }, ...others],
  }
}
