import { createHash } from 'node:crypto'
import { type ComponentAsset, type ComponentSpec, componentRoutes, HaganeError, parseReference } from '@hagane/contract'
import { canonicalJson } from '../../kernel/canonical-json.ts'
import type { Database, Tx } from '../../kernel/db/index.ts'
import { type BoundRoute, implement } from '../../kernel/http/index.ts'
import {
  type Asset,
  adopt,
  assetFieldsOf,
  buildAssets,
  inRegistry,
  type RequireRegistry,
  writerIn,
} from '../assets/index.ts'
import { refuseOwnReferences } from './own-references.ts'

export interface Components {
  routes: BoundRoute[]
  /**
   * The component that a reference names: `azureml:<name>:<version>`, `@<label>`, or one of a registry. `name` is then
   * `registries/<registry>/<name>`. Throws not_found, or invalid on what names no component.
   */
  resolve(
    workspace: string,
    reference: string,
  ): Promise<{ name: string; version: string; digest: string; spec: ComponentSpec }>
}

/** Command and pipeline components: named, versioned steps. The digest covers everything but name, version and texts. */
export function buildComponents({
  db,
  requireRegistry,
  isRegistry,
}: {
  db: Database
  requireRegistry: RequireRegistry
  isRegistry: (name: string) => Promise<boolean>
}): Components {
  const assets = buildAssets<ComponentSpec>(db, 'component')
  const create = (tx: Tx, spec: ComponentSpec, name: string) => {
    const { description, tags, properties, version } = spec
    return assets.create(tx, {
      name,
      version,
      spec,
      description,
      tags,
      properties,
      digest: digestOf(spec),
      facts: { type: spec.type },
    })
  }
  return {
    async resolve(workspace, reference) {
      const shared = await inRegistry(requireRegistry, reference, 'components')
      const { name, version } = shared ?? named(reference)
      const asset = await assets.get(shared?.registry ?? workspace, name, version)
      return {
        name: shared === undefined ? asset.name : `registries/${shared.registry}/${asset.name}`,
        version: asset.version,
        digest: asset.digest ?? digestOf(asset.spec),
        spec: asset.spec,
      }
    },
    routes: [
      implement(componentRoutes.create, async call => {
        const spec = call.body
        const { name } = spec
        if (name === undefined)
          throw new HaganeError('invalid', 'body: name: a component needs a name to be registered', {
            hint: 'add `name: my_component` to the YAML, or pass --name',
          })
        if (await isRegistry(call.workspace)) refuseOwnReferences(spec, call.workspace)
        return toResource(await db.withTransaction(call, tx => create(tx, spec, name)))
      }),
      implement(componentRoutes.list, async call => mapPage(await assets.list(call.workspace, call.query))),
      implement(componentRoutes.versions, async call =>
        mapPage(await assets.versions(call.workspace, call.params.name, call.query)),
      ),
      implement(componentRoutes.show, async call =>
        toResource(await assets.get(call.workspace, call.params.name, call.params.version)),
      ),
      implement(componentRoutes.update, async call =>
        toResource(await assets.update(call, call.params.name, call.params.version, call.body)),
      ),
      implement(componentRoutes.archive, async call =>
        toResource(await assets.archive(call, call.params.name, call.params.version, true)),
      ),
      implement(componentRoutes.restore, async call =>
        toResource(await assets.archive(call, call.params.name, call.params.version, false)),
      ),
      implement(componentRoutes.label, async call =>
        toResource(await assets.label(call, call.params.name, call.params.label, call.body.version)),
      ),
      implement(componentRoutes.share, async call => {
        const who = await writerIn(requireRegistry, call, 'asset.write', call.body.registry_name)
        const asset = await assets.get(call.workspace, call.params.name, call.params.version)
        refuseOwnReferences(asset.spec, who.workspace)
        const facts = { type: asset.spec.type }
        return toResource(await db.withTransaction(who, tx => adopt(assets, tx, asset, call.body, facts)))
      }),
    ],
  }
}

/** Throws invalid on a text that names no component. */
function named(text: string): { name: string; version: string } {
  const reference = parseReference(text.startsWith('azureml:') ? text : `azureml:${text}`)
  if (reference.form !== 'asset')
    throw new HaganeError('invalid', `'${text}' does not name a component`, {
      hint: 'use azureml:<name>:<version>, azureml:<name>@latest, azureml://registries/<registry>/components/<name>/versions/<version>, or a path to its YAML (the CLI reads it)',
    })
  // Azure ML's examples also write the label as a version
  const version = reference.version === 'latest' ? undefined : reference.version
  return { name: reference.name, version: version ?? `@${reference.label ?? 'latest'}` }
}

const mapPage = (page: { items: Asset<ComponentSpec>[]; next_cursor?: string }) => ({
  ...page,
  items: page.items.map(toResource),
})

function digestOf({
  name: _n,
  version: _v,
  description: _d,
  tags: _t,
  properties: _p,
  display_name: _dn,
  $schema: _s,
  ...body
}: ComponentSpec): string {
  return createHash('sha256').update(canonicalJson(body)).digest('hex')
}

function toResource(asset: Asset<ComponentSpec>): ComponentAsset {
  const { spec } = asset
  return {
    ...assetFieldsOf(asset),
    type: spec.type,
    ...(spec.display_name === undefined ? {} : { display_name: spec.display_name }),
    spec: { ...spec },
  }
}
