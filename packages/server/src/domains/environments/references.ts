import {
  type EnvironmentSpec,
  HaganeError,
  parseAssetReference,
  parseReference,
  type Reference,
  registryUri,
} from '@hagane/contract'
import { type Defined, define, defineCurated, findCurated, plainSpec, type ReadFile } from '@hagane/environments'
import { type BlobStore, subtree } from '../../kernel/blobs/index.ts'
import { type Assets, inRegistry, type RequireRegistry } from '../assets/index.ts'
import type { ImageSource } from './container/images.ts'

/** What an environment version stores: the specification and what it was read as when it was made. */
export type StoredSpec = EnvironmentSpec & { defined: Defined }

type RegistryReference = Extract<Reference, { form: 'registry' }>

export type EnvironmentReference = string | EnvironmentSpec | null

export interface Resolved {
  /** `azureml:<name>:<version>` when it is registered in the workspace. */
  readonly id?: string
  /** Subject of events: the version, or the definition of an anonymous one. */
  readonly subject: string
  readonly defined: Defined
  /** Routes and ports of the server that its image brings. */
  readonly inferenceConfig?: NonNullable<EnvironmentSpec['inference_config']>
  /** The image that it names or is built into, and whether packages are laid over that. */
  readonly container?: { readonly source: ImageSource; readonly ownPackages: boolean }
}

const MAX_FILE = 2 ** 20

interface Deps {
  assets: Assets<StoredSpec>
  blobs: BlobStore
  requireRegistry: RequireRegistry
  /** Whether a container engine answers. */
  hasEngine: () => Promise<boolean>
}

/**
 * Reads what a job or endpoint names as its environment: a version or label, a curated one, an inline specification, nothing.
 * Throws not_found that says what there is, or invalid.
 */
export async function resolveEnvironment(
  deps: Deps,
  workspace: string,
  environment: EnvironmentReference,
): Promise<Resolved> {
  if (environment === null) return anonymous(await defineSpec(deps, plainSpec))
  if (typeof environment !== 'string') return anonymous(await defineSpec(deps, environment), environment)
  const reference = parseReference(environment)
  if (reference.form === 'registry') return fromRegistry(deps, environment, reference)
  const named = parseAssetReference(environment)
  if (named === undefined)
    throw new HaganeError('invalid', `environment: '${environment}' names no environment`, {
      hint: 'write azureml:<name>:<version>, azureml:<name>@latest, azureml://registries/azureml/environments/<name>/labels/latest, or an inline environment',
      details: [{ property: 'environment', message: 'not a reference to an environment', sent: environment }],
    })
  const version =
    named.version === undefined || named.version === 'latest' ? `@${named.label ?? 'latest'}` : named.version
  return findNamed(deps.assets, workspace, named.name, version)
}

/** Of a registry of this server. `azureml` also has the curated environments, whether or not it was made here. */
async function fromRegistry(deps: Deps, text: string, { registry, name, kind }: RegistryReference): Promise<Resolved> {
  const curated = registry === 'azureml' && kind === 'environments'
  const found = await inRegistry(deps.requireRegistry, text, 'environments').catch((error: unknown) => {
    if (curated && error instanceof HaganeError && error.kind === 'not_found') return undefined
    throw error
  })
  const asset = found === undefined ? undefined : await deps.assets.find(found.registry, name, found.version)
  if (asset === undefined && curated) return anonymous(defineCurated(name))
  if (asset === undefined)
    throw new HaganeError(
      'not_found',
      `environment: no environment '${name}' of that version in registry ${registry}`,
      {
        hint: `\`hagane environment list --registry-name ${registry}\` shows what there is`,
      },
    )
  const id = registryUri(registry, 'environments', asset.name, asset.version)
  const subject = `environment/${asset.name}:${asset.version}`
  return { id, subject, defined: asset.spec.defined, ...fromSpec(asset.spec) }
}

async function findNamed(
  assets: Assets<StoredSpec>,
  workspace: string,
  name: string,
  version: string,
): Promise<Resolved> {
  const found = await assets.find(workspace, name, version)
  if (found === undefined && (findCurated(name) !== undefined || /^AzureML-/i.test(name)))
    return anonymous(defineCurated(name))
  const asset = found ?? (await assets.get(workspace, name, version))
  const id = `${asset.name}:${asset.version}`
  const { spec } = asset
  return { id: `azureml:${id}`, subject: `environment/${id}`, defined: spec.defined, ...fromSpec(spec) }
}

const anonymous = (defined: Defined, spec: EnvironmentSpec = {}): Resolved => ({
  subject: `environment/${defined.digest}`,
  defined,
  ...fromSpec(spec),
})

const fromSpec = (spec: EnvironmentSpec): Pick<Resolved, 'container' | 'inferenceConfig'> => ({
  ...containerOf(spec),
  ...(spec.inference_config === undefined ? {} : { inferenceConfig: spec.inference_config }),
})

/** What conda_file and pip_requirements name is laid over the image; a Dockerfile's packages are in what is built from it. */
function containerOf({ image, build, conda_file, pip_requirements }: EnvironmentSpec): Pick<Resolved, 'container'> {
  const ownPackages = conda_file !== undefined || pip_requirements !== undefined
  if (build?.path !== undefined) {
    const source = { kind: 'build', path: build.path, dockerfile: build.dockerfile_path ?? 'Dockerfile' } as const
    return { container: { source, ownPackages } }
  }
  return image === undefined ? {} : { container: { source: { kind: 'image', reference: image }, ownPackages } }
}

/** Reads a specification, with the files of its build context out of the store. */
export const defineSpec = (deps: Pick<Deps, 'blobs' | 'hasEngine'>, spec: EnvironmentSpec): Promise<Defined> =>
  define(spec, readerOf(deps.blobs, spec.build?.path), deps.hasEngine)

function readerOf(blobs: BlobStore, path: string | undefined): ReadFile {
  return async name => {
    const reference = path === undefined ? undefined : parseReference(path)
    if (reference?.form !== 'tree')
      throw new HaganeError('invalid', `build.path: '${path ?? ''}' is not uploaded content`, {
        hint: 'the CLI uploads the folder that build.path names; over REST, put a tree first and send hagane://trees/<digest>',
      })
    const entries = subtree(await blobs.getTree(reference.digest), reference.path)
    const entry = entries.find(candidate => candidate.path === name)
    if (entry === undefined) return undefined
    if (entry.size > MAX_FILE)
      throw new HaganeError('too_large', `build: ${name} has ${entry.size} bytes; at most ${MAX_FILE} are read`)
    return (await blobs.readAll(entry.digest)).toString('utf8')
  }
}
