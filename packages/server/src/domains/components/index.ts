import { createHash } from 'node:crypto'
import { type ComponentAsset, type ComponentSpec, componentRoutes, HaganeError } from '@hagane/contract'
import { canonicalJson } from '../../kernel/canonical-json.ts'
import type { Database, Tx } from '../../kernel/db/index.ts'
import { type BoundRoute, implement } from '../../kernel/http/index.ts'
import { type Asset, assetFieldsOf, buildAssets } from '../assets/index.ts'

export interface Components {
  routes: BoundRoute[]
  /** By `name` and version or `@label`; throws not_found. */
  resolve(
    workspace: string,
    name: string,
    version: string,
  ): Promise<{ name: string; version: string; digest: string; spec: ComponentSpec }>
}

/** Command and pipeline components: named, versioned steps. The digest covers everything but name, version and texts. */
export function buildComponents({
  db,
  check,
}: {
  db: Database
  check: (workspace: string, spec: ComponentSpec) => Promise<void>
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
    async resolve(workspace, name, version) {
      const asset = await assets.get(workspace, name, version)
      return {
        name: asset.name,
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
        await check(call.workspace, spec)
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
    ],
  }
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
