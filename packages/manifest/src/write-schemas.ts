import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { jsonSchemas } from './json-schemas.ts'

/** Where the printed schemas are kept, for editors and for review of what changed. */
const folder = join(import.meta.dirname, '..', 'schemas')
const suffix = '.schema.json'

const inlineWidth = 120

/** JSON as the formatter of this tree prints it: lists of scalars on one line where they fit. */
function printed(value: unknown, indent: string, before: number): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const deeper = `${indent}  `
  if (Array.isArray(value)) {
    const items = value.map(item => printed(item, deeper, deeper.length))
    const line = `[${items.join(', ')}]`
    const fits = !line.includes('\n') && indent.length + before + line.length < inlineWidth
    return fits ? line : `[\n${items.map(item => deeper + item).join(',\n')}\n${indent}]`
  }
  const entries = Object.entries(value).map(([key, item]) => {
    const name = `${JSON.stringify(key)}: `
    return `${deeper}${name}${printed(item, deeper, name.length)}`
  })
  return entries.length === 0 ? '{}' : `{\n${entries.join(',\n')}\n${indent}}`
}

/** The files of the folder by name, as the contract has them now. */
function wanted(): Map<string, string> {
  return new Map(
    Object.entries(jsonSchemas()).map(([kind, schema]) => [`${kind}${suffix}`, `${printed(schema, '', 0)}\n`]),
  )
}

async function kept(): Promise<Map<string, string>> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw error
  })
  const files = names.filter(name => name.endsWith(suffix))
  return new Map(
    await Promise.all(files.map(async name => [name, await readFile(join(folder, name), 'utf8')] as const)),
  )
}

/** Names of schema files that are missing, left over or no longer what the contract says. Empty when all agree. */
export async function schemaDrift(): Promise<string[]> {
  const [now, then] = [wanted(), await kept()]
  return [...new Set([...now.keys(), ...then.keys()])].filter(name => now.get(name) !== then.get(name)).sort()
}

/** Writes every schema file anew and removes those that are left over. */
export async function writeSchemas(): Promise<void> {
  await mkdir(folder, { recursive: true })
  const now = wanted()
  for (const name of (await kept()).keys()) if (!now.has(name)) await rm(join(folder, name))
  for (const [name, text] of now) await writeFile(join(folder, name), text)
}

if (process.argv[1] === import.meta.filename) {
  if (process.argv.includes('--check')) {
    const drift = await schemaDrift()
    if (drift.length > 0) {
      console.error(`JSON schemas differ from the contract: ${drift.join(', ')}`)
      console.error('run: node packages/manifest/src/write-schemas.ts')
      process.exitCode = 1
    }
  } else await writeSchemas()
}
