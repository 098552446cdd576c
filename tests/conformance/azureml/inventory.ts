import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { parse } from 'yaml'

export type Kind =
  | 'job'
  | 'component'
  | 'schedule'
  | 'data'
  | 'model'
  | 'environment'
  | 'online-deployment'
  | 'batch-endpoint'
  | 'batch-deployment'
  | 'other'
type Mapping = Record<string, unknown>

export interface Manifest {
  /** Below `cli/`, e.g. `jobs/basics/hello-world.yml`. */
  readonly path: string
  readonly file: string
  readonly kind: Kind
  readonly root: Mapping
  /** As it is written. */
  readonly text: string
  /** This file and every local manifest it refers to, as parsed. */
  readonly closure: readonly Mapping[]
  /** Local paths that it, or what it refers to, names and that are not in the checkout. */
  readonly absent: readonly string[]
}

const bySchema: readonly [RegExp, Kind][] = [
  [/^(command|pipeline|sweep|spark|automl|finetuning|distillation)Job$/i, 'job'],
  [/^(command|pipeline|spark)Component$/i, 'component'],
  [/^schedule$/i, 'schedule'],
  [/^data$/i, 'data'],
  [/^model$/i, 'model'],
  [/^environment$/i, 'environment'],
  [/^(managed|kubernetes)OnlineDeployment$/i, 'online-deployment'],
  [/^batchEndpoint$/i, 'batch-endpoint'],
  [/^(model|pipelineComponent)?BatchDeployment$/i, 'batch-deployment'],
]

/** All YAML files below `cli/` that are mappings, sorted by path, each with what it is. */
export function inventory(cli: string): Manifest[] {
  return yamlFiles(cli).flatMap(file => {
    const text = readFileSync(file, 'utf8')
    const root = readMapping(file)
    if (root === undefined) return []
    const closure = new Map<string, Mapping>()
    const absent = new Set<string>()
    follow(file, root, closure, absent)
    const missing = [...absent].map(path => relative(cli, path)).sort()
    return [
      {
        path: relative(cli, file),
        file,
        kind: kindOf(root),
        root,
        text,
        closure: [...closure.values()],
        absent: missing,
      },
    ]
  })
}

function yamlFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter(name => /\.ya?ml$/.test(name))
    .sort()
    .map(name => join(folder, name))
}

function readMapping(file: string): Mapping | undefined {
  try {
    const value: unknown = parse(readFileSync(file, 'utf8'), { uniqueKeys: false, logLevel: 'silent' })
    return isMapping(value) ? value : undefined
  } catch {
    return undefined // unfilled {{templates}} are no YAML
  }
}

const isMapping = (value: unknown): value is Mapping =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function kindOf(root: Mapping): Kind {
  const schema =
    typeof root.$schema === 'string' ? /([A-Za-z]+)(?:\.schema)?\.json\s*$/.exec(root.$schema)?.[1] : undefined
  if (schema !== undefined) return bySchema.find(([pattern]) => pattern.test(schema))?.[1] ?? 'other'
  if ('endpoint_name' in root || 'channels' in root || 'dependencies' in root) return 'other'
  if (root.type === 'pipeline' || (root.type === 'command' && !('version' in root))) return 'job'
  if (root.type === 'command') return 'component'
  return 'other'
}

const referenceKeys = ['component', 'trial', 'job', 'create_job', 'environment']
const pathKeys = ['code', 'path', 'conda_file', 'component', 'trial', 'job', 'create_job']

/** Reads what a manifest refers to, each file once, and notes local paths that do not exist. */
function follow(file: string, root: Mapping, seen: Map<string, Mapping>, absent: Set<string>): void {
  if (seen.has(file)) return
  seen.set(file, root)
  for (const [key, text] of texts(root)) {
    const local = localPath(text, key)
    if (local === undefined) continue
    const target = resolve(dirname(file), local)
    if (!existsSync(target)) absent.add(target)
    else if (referenceKeys.includes(key) && /\.ya?ml$/.test(target) && statSync(target).isFile()) {
      const next = readMapping(target)
      if (next !== undefined) follow(target, next, seen, absent)
    }
  }
}

/** The local path that a text under a key means; a bare name is one only where Azure ML takes it for one. */
function localPath(text: string, key: string): string | undefined {
  if (!pathKeys.includes(key) && !(key === 'environment' && text.startsWith('file:'))) return undefined
  if (/^(?!file:)[a-z][a-z0-9+.-]*:|[<>{}$]/i.test(text)) return undefined
  const bare = text.replace(/^file:(\/\/)?/, '')
  return /^\/|^\s*$|\n/.test(bare) ? undefined : bare
}

/** Every text of a manifest with the key it stands under (that of its list). */
export function* texts(value: unknown, key = ''): Generator<[string, string]> {
  if (typeof value === 'string') yield [key, value]
  else if (Array.isArray(value)) for (const item of value) yield* texts(item, key)
  else if (isMapping(value)) for (const [name, item] of Object.entries(value)) yield* texts(item, name)
}
