import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { HaganeError } from '@hagane/contract'
import { parse } from 'yaml'
import { z } from 'zod'

export const headerModes = [
  'no_header',
  'from_first_file',
  'all_files_same_headers',
  'all_files_different_headers',
] as const

const encoding = z
  .string()
  .transform(name => name.toLowerCase().replace(/[- ]/g, ''))
  .pipe(z.enum(['utf8', 'utf8bom', 'ascii', 'iso88591', 'latin1', 'utf16', 'windows1252']))
const pathColumn = { include_path_column: z.boolean().default(false), path_column: z.string().default('Path') }
const partitionSize = { partition_size: z.unknown().optional() }

const delimited = z.strictObject({
  delimiter: z.string().min(1).max(2).default(','),
  header: z.enum(headerModes).default('all_files_same_headers'),
  support_multi_line: z.boolean().optional(),
  empty_as_string: z.boolean().default(false),
  encoding: encoding.default('utf8'),
  infer_column_types: z.union([z.boolean(), z.looseObject({})]).default(true),
  ...pathColumn,
  ...partitionSize,
})
export type DelimitedOptions = z.output<typeof delimited>
const parquet = z.strictObject(pathColumn)
const jsonLines = z.strictObject({
  invalid_lines: z.enum(['error', 'drop']).default('error'),
  encoding: encoding.default('utf8'),
  ...pathColumn,
  ...partitionSize,
})

const selector = z.union([
  z.string(),
  z.array(z.string()),
  z.strictObject({
    pattern: z.string(),
    ignore_case: z.boolean().default(false),
    invert: z.boolean().default(false),
  }),
])
export type ColumnSelector = z.output<typeof selector>
const booleans = z.strictObject({
  true_values: z.array(z.coerce.string()).optional(),
  false_values: z.array(z.coerce.string()).optional(),
  mismatch_as: z.preprocess(String, z.enum(['true', 'false', 'error'])).default('error'),
})
const dates = z.strictObject({
  formats: z.union([z.string(), z.array(z.string()).min(1)]),
  date_constant: z.string().optional(),
})
const conversion = z.strictObject({
  columns: selector,
  column_type: z.union([
    z.enum(['int', 'float', 'string', 'boolean', 'stream_info']),
    z.strictObject({ boolean: booleans }),
    z.strictObject({ datetime: dates }),
    z.strictObject({ stream_info: z.looseObject({}) }),
  ]),
})
export type Conversion = z.output<typeof conversion>
const share = z.number().min(0).max(1)
const drawn = z.strictObject({
  probability: share,
  probability_lower_bound: share.default(0),
  seed: z.number().int().nullish(),
})
const sampler = z.looseObject({ sampler_arguments: drawn })

const steps = {
  read_delimited: delimited,
  read_parquet: parquet,
  read_json_lines: jsonLines,
  take: z.number().int().min(0),
  skip: z.number().int().min(0),
  sample: sampler,
  take_random_sample: drawn,
  filter: z.string(),
  drop_columns: selector,
  keep_columns: selector,
  convert_column_types: z.array(conversion),
  extract_columns_from_partition_format: z.looseObject({ partition_format: z.string() }),
}
type StepName = keyof typeof steps
export type Step = { [N in StepName]: { name: N; argument: z.output<(typeof steps)[N]> } }[StepName]
export type Reader = Extract<Step, { name: `read_${string}` }>
export const isReader = (step: Step): step is Reader => step.name.startsWith('read_')

export type TablePath = { kind: 'file' | 'folder' | 'pattern'; value: string }

/** What a file named MLTable says, checked. */
export interface TableDocument {
  readonly paths: TablePath[]
  readonly reader: Reader | undefined
  /** In their order, without the reader. */
  readonly steps: Exclude<Step, Reader>[]
}

/** Reads and checks `folder`/MLTable. Throws invalid that names what is not understood. */
export async function readTableDocument(folder: string): Promise<TableDocument> {
  const text = await readFile(join(folder, 'MLTable'), 'utf8').catch(() => {
    throw refusal('no file named MLTable in this folder')
  })
  let content: unknown
  try {
    content = parse(text, { maxAliasCount: 100, uniqueKeys: false })
  } catch (error) {
    throw refusal(`not YAML: ${(error as Error).message.split('\n', 1)[0]}`)
  }
  return checkDocument(content)
}

export const refusal = (message: string, hint?: string): HaganeError =>
  new HaganeError('invalid', `MLTable: ${message}`, {
    hint: hint ?? 'docs/guides/data.md lists what MLTable files may say',
  })

function checkDocument(content: unknown): TableDocument {
  if (typeof content !== 'object' || content === null || Array.isArray(content))
    throw refusal("a mapping with 'paths' is expected")
  const { paths, transformations, query_source: query } = content as Record<string, unknown>
  if (query !== undefined) throw refusal('query_source reads a database, which is not done here', 'export a file')
  if (!Array.isArray(paths) || paths.length === 0)
    throw refusal("'paths' must list at least one file, folder or pattern")
  const checked = Array.isArray(transformations) ? transformations.map(stepOf) : []
  const readers = checked.filter(isReader)
  if (readers.length > 1) throw refusal(`more than one reader: ${readers.map(({ name }) => name).join(', ')}`)
  return {
    paths: paths.map(pathOf),
    reader: readers[0],
    steps: checked.filter((step): step is Exclude<Step, Reader> => !isReader(step)),
  }
}

function pathOf(entry: unknown): TablePath {
  const [[kind, value] = [], more] = Object.entries(entry ?? {})
  if (more === undefined && typeof value === 'string' && (kind === 'file' || kind === 'folder' || kind === 'pattern'))
    return { kind, value }
  throw refusal(`paths: ${JSON.stringify(entry)} is not one of file, folder, pattern`)
}

function stepOf(entry: unknown): Step {
  const [[name = '', argument] = [], more] =
    typeof entry === 'string' ? [[entry, {}] as const] : Object.entries(entry ?? {})
  if (more !== undefined) throw refusal(`transformations: ${JSON.stringify(entry)} is not one step`)
  if (!Object.hasOwn(steps, name))
    throw refusal(`transformations: '${name}' is not done here; done are ${Object.keys(steps).join(', ')}`)
  const parsed = steps[name as StepName].safeParse(argument ?? {})
  if (parsed.success) return { name, argument: parsed.data } as Step
  const [issue] = parsed.error.issues
  const property = [name, ...(issue?.path ?? [])].join('.')
  const sent = issue?.path.reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown>)?.[key], argument)
  throw refusal(`${property}: ${JSON.stringify(sent)}: ${issue?.message}`)
}
