import { HaganeError } from '@hagane/contract'
import { detectKind, schemaName } from './detect-kind.ts'
import type { Files } from './files.ts'
import { type ManifestKind, type ManifestResources, manifestKindNames, manifestKinds } from './kinds.ts'
import { Loading } from './loading.ts'
import type { LocalUpload } from './local-upload.ts'
import { locate } from './locate.ts'
import type { Origins, Place } from './origins.ts'
import { type Diagnostic, refusal } from './problems.ts'
import { applySetting } from './settings.ts'
import { type Cursor, type Home, isMap, type YamlMap } from './tree.ts'
import { validate } from './validate.ts'

export interface LoadRequest<K extends ManifestKind> {
  /** Absolute path of the YAML file; without it the manifest is made of `overrides` and `set` alone. */
  readonly file?: string
  /** Where relative paths start when there is no file. */
  readonly directory?: string
  /** Of several the one that it looks like, else the first. Without any the manifest's own shape decides. */
  readonly kind?: K | readonly [K, ...K[]]
  /** `--set` texts, `a.b.c=value`, applied in order before validation. */
  readonly set?: readonly string[]
  /** Top-level properties from flags such as `--name`; they win over file and `set`. Undefined ones are left out. */
  readonly overrides?: Readonly<Record<string, unknown>>
  readonly files: Files
}

export interface Manifest<K extends ManifestKind = ManifestKind> {
  readonly kind: K
  /** Valid by the contract's schema. Until `withUploads`, an uploaded property holds its absolute local path. */
  readonly resource: ManifestResources[K]
  readonly uploads: readonly LocalUpload[]
  readonly warnings: readonly Diagnostic[]
  /** The folder of the file. */
  readonly directory: string
  /** Where a property that a server's error names was written; undefined when it is no part of this manifest. */
  locate(property: string): Place | undefined
}

const commandLine = { file: 'command line' }

async function readRoot(loading: Loading, file: string | undefined): Promise<YamlMap> {
  if (file === undefined) return {}
  const root = await loading.root(file)
  if (isMap(root)) return root
  throw refusal(
    {
      message: 'the file does not hold a map of properties',
      sent: typeof root,
      hint: 'write lines such as type: command',
    },
    { file, line: 1 },
  )
}

type Kinds = ManifestKind | readonly [ManifestKind, ...ManifestKind[]] | undefined

function kindOf(root: YamlMap, given: Kinds, file: string | undefined): ManifestKind {
  const likely = detectKind(root)
  if (typeof given === 'object') return given.find(kind => kind === likely) ?? given[0]
  const kind = given ?? likely
  if (kind !== undefined) return kind
  const name = schemaName(root)
  const message =
    name === '' ? 'it is not clear what this manifest describes' : `manifests of kind '${name}' are not known`
  throw refusal(
    { message, allowed: manifestKindNames, hint: `kinds that are known: ${manifestKindNames.join(', ')}` },
    file === undefined ? undefined : { file, line: 1 },
  )
}

/** A file of another kind than asked for fails with many errors; the first help is to say so. */
function withKindHint(error: unknown, kind: ManifestKind, root: YamlMap): unknown {
  const likely = detectKind(root)
  if (!(error instanceof HaganeError) || likely === undefined || likely === kind) return error
  const { message, details } = error
  return new HaganeError(error.kind, message, {
    hint: `this file looks like a manifest of kind ${likely}, not ${kind}`,
    ...(details === undefined ? {} : { details }),
  })
}

function override(root: YamlMap, overrides: Readonly<Record<string, unknown>>, origins: Origins): void {
  for (const [key, value] of Object.entries(overrides)) {
    if (value === undefined) continue
    root[key] = structuredClone(value)
    origins.mark(root, key, { place: commandLine })
  }
}

async function resolved<K extends ManifestKind>(loading: Loading, kind: K, root: YamlMap, home: Home) {
  const cursor: Cursor = { map: root, pointer: [], home }
  const rules = manifestKinds[kind]
  await rules.expand(loading, cursor)
  const resource = validate(loading, rules.spec, root)
  if (resource !== undefined && loading.problems.errors.length === 0) rules.check?.(loading, cursor, resource)
  loading.problems.throwIfAny()
  return resource as ManifestResources[K]
}

/**
 * Reads an Azure ML CLI v2 manifest and everything it includes, and answers the resource to send and the local content
 * to upload for it. Never throws anything but HaganeError: `invalid` with a detail for each problem (file, line, column,
 * property, what was sent, what is allowed, a hint), or `unsupported` for a kind of job that Hagane does not run.
 */
export async function loadManifest<K extends ManifestKind = ManifestKind>(
  request: LoadRequest<K>,
): Promise<Manifest<K>> {
  const { file, files, set = [], overrides = {} } = request
  const loading = new Loading(files)
  const home: Home =
    file === undefined
      ? { file: 'command line', directory: request.directory ?? '.', chain: [] }
      : loading.home(file, [])
  const root = await readRoot(loading, file)
  const kind = kindOf(root, request.kind, file) as K
  for (const setting of set) applySetting(root, setting, manifestKinds[kind].spec, loading.origins)
  override(root, overrides, loading.origins)
  try {
    const resource = await resolved(loading, kind, root, home)
    const { uploads, problems, origins } = loading
    const at = (property: string) => locate(origins, root, property)
    return { kind, resource, uploads, warnings: problems.warnings, directory: home.directory, locate: at }
  } catch (error) {
    throw withKindHint(error, kind, root)
  }
}
