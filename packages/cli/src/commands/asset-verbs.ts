import {
  type componentRoutes,
  type dataRoutes,
  type environmentRoutes,
  HaganeError,
  type modelRoutes,
  type Page,
} from '@hagane/contract'
import { requiredText, text } from '../grammar/flags.ts'
import { UsageError } from '../grammar/usage-error.ts'
import type { Invocation } from '../invocation.ts'
import { type Verb, verb } from '../invocation.ts'
import { changedFields } from '../manifest/changes.ts'
import type { Column } from '../output/table.ts'
import { changeFlags, listFlags, versionFlags, versionPart } from './asset-flags.ts'
import { collect } from './pages.ts'

type AssetRoutes = typeof dataRoutes | typeof modelRoutes | typeof componentRoutes | typeof environmentRoutes

/** What the verbs need to know of any asset. */
export interface AnyAsset {
  name: string
  version: string
  type?: string
  archived: boolean
  labels: string[]
  creation_context: { created_at: string; created_by: string }
}

export interface AssetNoun {
  readonly noun: string
  readonly routes: AssetRoutes
}

/** Columns of the table of any asset. */
export const assetColumns: readonly Column<AnyAsset>[] = [
  ['Name', asset => asset.name],
  ['Version', asset => asset.version],
  ['Type', asset => asset.type],
  ['Labels', asset => asset.labels.join(' ')],
  ['Created', asset => asset.creation_context.created_at],
  ['By', asset => asset.creation_context.created_by],
]

const changeable = ['description', 'tags', 'properties'] as const

/** list, archive, restore, update, share and label: the verbs that all assets share. */
export function assetVerbs(asset: AssetNoun): Verb[] {
  return [listVerb(asset), updateVerb(asset), ...shelfVerbs(asset), shareVerb(asset), labelVerb(asset)]
}

/** show, for assets that have nothing more to show. */
export function showVerb({ noun, routes }: AssetNoun): Verb {
  return verb({
    name: 'show',
    summary: `Show a version of a ${noun}`,
    examples: [`hagane ${noun} show -n flights -v 1`, `hagane ${noun} show -n flights --query id -o tsv`],
    flags: versionFlags,
    run: async (call, options) => {
      await call.print(await showAsset(call, routes, options))
    },
  })
}

type VersionOptions = { name: string; version: string | undefined; label: string | undefined }

/** One version by number, label, or the latest. */
export async function showAsset(call: Invocation, routes: AssetRoutes, options: VersionOptions): Promise<AnyAsset> {
  const params = { name: options.name, version: versionPart(options) }
  return (await call.client.call(routes.show, { params })) as AnyAsset
}

function listVerb({ noun, routes }: AssetNoun): Verb {
  return verb({
    name: 'list',
    summary: `List ${noun} assets, the newest version of each, or all versions of one`,
    examples: [`hagane ${noun} list -o table`, `hagane ${noun} list -n flights --query "[].version" -o tsv`],
    flags: { name: text('-n, --name <name>', 'list the versions of this one'), ...listFlags },
    run: async (call, options) => {
      const archived = options.includeArchived || options.archivedOnly ? 'true' : 'false'
      const { name } = options
      const items = await collect<AnyAsset>(
        options.maxResults ?? Number.MAX_SAFE_INTEGER,
        async page => {
          const query = { ...page, include_archived: archived }
          return (await (name === undefined
            ? call.client.call(routes.list, { query })
            : call.client.call(routes.versions, { params: { name }, query }))) as Page<AnyAsset>
        },
        item => !options.archivedOnly || item.archived,
      )
      await call.print(items, assetColumns)
    },
  })
}

function updateVerb({ noun, routes }: AssetNoun): Verb {
  return verb({
    name: 'update',
    summary: `Change description, tags or properties of a ${noun} version`,
    examples: [`hagane ${noun} update -n flights -v 1 --set tags.stage=gold`],
    flags: { ...versionFlags, ...changeFlags },
    run: async (call, options) => {
      const current = await showAsset(call, routes, options)
      const body = changedFields(current as unknown as Record<string, unknown>, options, changeable)
      const params = { name: current.name, version: current.version }
      await call.print((await call.client.call(routes.update, { params, body })) as AnyAsset)
    },
  })
}

const shelves = {
  archive: 'Hide a {} version, or all versions, from lists; references to it still work',
  restore: 'Take an archived {} version, or all versions, back into lists',
} as const

function shelfVerbs({ noun, routes }: AssetNoun): Verb[] {
  return (['archive', 'restore'] as const).map(name =>
    verb({
      name,
      summary: shelves[name].replace('{}', noun),
      examples: [`hagane ${noun} ${name} -n flights -v 1`],
      flags: { ...versionFlags, version: text('-v, --version <version>', 'version (default: every version)') },
      run: async (call, options) => {
        for (const version of await chosenVersions(call, routes, options)) {
          await call.client.call(routes[name], { params: { name: options.name, version } })
        }
      },
    }),
  )
}

async function chosenVersions(call: Invocation, routes: AssetRoutes, options: VersionOptions): Promise<string[]> {
  if (options.version !== undefined || options.label !== undefined) return [versionPart(options)]
  const versions = await collect<AnyAsset>(Number.MAX_SAFE_INTEGER, async page => {
    const query = { ...page, include_archived: 'true' }
    return (await call.client.call(routes.versions, { params: { name: options.name }, query })) as Page<AnyAsset>
  })
  if (versions.length === 0) throw new HaganeError('not_found', `there is no asset named '${options.name}'`)
  return versions.map(({ version }) => version)
}

function shareVerb({ noun, routes }: AssetNoun): Verb {
  return verb({
    name: 'share',
    summary: `Share a ${noun} version with a registry, where all workspaces find it`,
    examples: [`hagane ${noun} share -n flights -v 3 --registry-name shared`],
    flags: {
      ...versionFlags,
      shareWithName: text('--share-with-name <name>', 'name in the registry (default: the same)'),
      shareWithVersion: text('--share-with-version <version>', 'version in the registry (default: the same)'),
    },
    run: async (call, options) => {
      const registry_name = call.globals.registryName
      if (registry_name === undefined)
        throw new UsageError(`${noun} share needs --registry-name`, '`hagane registry list` shows the registries')
      const params = { name: options.name, version: versionPart(options) }
      const body = {
        registry_name,
        ...(options.shareWithName === undefined ? {} : { name: options.shareWithName }),
        ...(options.shareWithVersion === undefined ? {} : { version: options.shareWithVersion }),
      }
      await call.print((await call.workspaceClient.call(routes.share, { params, body })) as AnyAsset, assetColumns)
    },
  })
}

function labelVerb({ noun, routes }: AssetNoun): Verb {
  return verb({
    name: 'label',
    summary: `Point a label at a ${noun} version`,
    examples: [`hagane ${noun} label -n flights -v 3 -l production`],
    flags: {
      name: requiredText('-n, --name <name>', 'name of the asset'),
      version: requiredText('-v, --version <version>', 'version that the label is to point at'),
      label: requiredText('-l, --label <label>', 'the label'),
    },
    run: async (call, { name, version, label }) => {
      const params = { name, label }
      await call.print((await call.client.call(routes.label, { params, body: { version } })) as AnyAsset)
    },
  })
}
