import { resolve } from 'node:path'
import { parseReference } from '@hagane/contract'
import type { LocalUpload, ManifestKind, ResourceOf } from '@hagane/manifest'
import type { Invocation } from '../invocation.ts'

/** What a resource is made of: a file, or flags alone, or both. */
export interface Source {
  readonly file: string | undefined
  readonly set: readonly string[]
  /** Top-level properties from flags; they win over the file. Undefined ones say nothing. */
  readonly overrides?: Readonly<Record<string, unknown>>
}

/**
 * Reads a manifest with everything it refers to, uploads what lies on this machine, and answers the resource as the
 * server takes it. Warnings go to stderr; mistakes are thrown with file and line.
 */
export async function loadResource<K extends ManifestKind>(
  call: Invocation,
  kind: K | readonly [K, ...K[]],
  source: Source,
): Promise<ResourceOf<K>> {
  const { cwd } = call.surroundings
  // most verbs read no manifest: loading what reads it would take half of their processor time
  const { diagnosticText, loadManifest, withUploads } = await import('@hagane/manifest')
  const { diskFiles } = await import('./disk-files.ts')
  const loaded = await loadManifest({
    kind,
    directory: cwd,
    files: diskFiles,
    set: source.set,
    ...(source.file === undefined ? {} : { file: resolve(cwd, source.file) }),
    ...(source.overrides === undefined ? {} : { overrides: source.overrides }),
  })
  call.manifests.push(loaded)
  for (const warning of loaded.warnings) call.warn(diagnosticText(warning))
  return withUploads(loaded.resource, await uploadAll(call, loaded.uploads))
}

/** Uploads each distinct piece of content once. */
async function uploadAll(call: Invocation, uploads: readonly LocalUpload[]) {
  const addresses = new Map<string, string>()
  const references = []
  for (const upload of uploads) {
    const key = JSON.stringify([upload.file, upload.purpose, upload.additionalIncludes])
    const uri = addresses.get(key) ?? (await uploadOne(call, upload))
    addresses.set(key, uri)
    references.push({ pointer: upload.pointer, uri })
  }
  return references
}

const kindOf = ({ purpose }: LocalUpload) => (purpose === 'code' || purpose === 'environment-build' ? 'code' : 'data')

async function uploadOne(call: Invocation, upload: LocalUpload): Promise<string> {
  const { uploadTree } = await import('../upload/upload-tree.ts')
  const target = { client: call.client, surroundings: call.surroundings, quiet: call.globals.onlyShowErrors }
  const includes = upload.additionalIncludes
  // Scoring scripts find a model below AZUREML_MODEL_DIR by the name of its folder.
  const keepsName = upload.purpose === 'model'
  const content = {
    path: upload.file,
    kind: kindOf(upload),
    keepsName,
    ...(includes === undefined ? {} : { includes }),
  } as const
  return uploadTree(target, content)
}

/** A path from the command line is relative to the working directory, wherever the file of the manifest lies. */
export function pathFromFlag(call: Invocation, path: string | undefined): string | undefined {
  if (path === undefined) return undefined
  const reference = parseReference(path)
  return reference.form === 'local' ? resolve(call.surroundings.cwd, reference.path) : path
}
