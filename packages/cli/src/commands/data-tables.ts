import { existsSync, readdirSync } from 'node:fs'
import { basename, dirname, resolve } from 'node:path'
import { didYouMean, HaganeError, parseAssetReference, parseReference } from '@hagane/contract'
import type { TableSource } from '@hagane/tabular'
import type { Invocation } from '../invocation.ts'
import { uploadTree } from '../upload/upload-tree.ts'

/** A table as the command line names it: files of this machine, or something that the server knows. */
export type NamedTable = { form: 'here'; source: TableSource } | { form: 'server'; uri: string }

/** Reads `./flights.csv`, `flights:1`, `flights@prod` or any reference. What lies on this machine wins over a name. */
export function namedTable(text: string, directory: string, flag: string): NamedTable {
  const reference = parseReference(text)
  if (reference.form !== 'local') return { form: 'server', uri: text }
  const path = resolve(directory, reference.path)
  if (existsSync(path)) return { form: 'here', source: { name: basename(path), path, root: rootOf(path) } }
  const asset = parseAssetReference(text)
  if (asset !== undefined && !text.includes('/') && !isFileName(text)) return { form: 'server', uri: `azureml:${text}` }
  throw new HaganeError(
    'not_found',
    `${flag}: there is no file or folder ${path}${didYouMean(basename(path), beside(path))}`,
    {
      hint: 'give a path of this machine, <name>:<version> of a data asset, or an azureml:// address',
    },
  )
}

/** Without a version, such a name is rather a file that is not there than an asset; `azureml:<name>` means an asset always. */
const isFileName = (text: string): boolean => /\.(csv|tsv|txt|json|jsonl|ndjson|parquet|gz)$/i.test(text)

function beside(path: string): string[] {
  const folder = dirname(path)
  return existsSync(folder) ? readdirSync(folder) : []
}

/** A folder may name files in itself, a file is read alone. */
const rootOf = (path: string): string => (existsSync(resolve(path, 'MLTable')) ? path : dirname(path))

/** The table as the server can read it; what lies here is uploaded. */
export async function onServer(call: Invocation, table: NamedTable): Promise<string> {
  if (table.form === 'server') return table.uri
  const target = { client: call.client, surroundings: call.surroundings, quiet: call.globals.onlyShowErrors }
  return uploadTree(target, { path: table.source.path, kind: 'data' })
}
