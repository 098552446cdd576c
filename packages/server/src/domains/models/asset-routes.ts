import { modelRoutes } from '@hagane/contract'
import { type BoundRoute, implement } from '../../kernel/http/index.ts'
import type { Aliases } from './aliases.ts'
import type { ModelAssets } from './assets.ts'

/** `/api/v1/models`: the registry as `az ml model` sees it. */
export const modelAssetRoutes = (assets: ModelAssets, aliases: Aliases): BoundRoute[] => [
  implement(modelRoutes.create, call => assets.create(call, call.body)),
  implement(modelRoutes.list, call => assets.list(call, call.query)),
  implement(modelRoutes.versions, call => assets.versions(call, call.params.name, call.query)),
  implement(modelRoutes.show, call => assets.show(call, call.params.name, call.params.version)),
  implement(modelRoutes.update, call => assets.update(call, call.params.name, call.params.version, call.body)),
  implement(modelRoutes.archive, call => assets.archive(call, call.params.name, call.params.version, true)),
  implement(modelRoutes.restore, call => assets.archive(call, call.params.name, call.params.version, false)),
  implement(modelRoutes.label, async call => {
    const { name, label } = call.params
    await assets.show(call, name, call.body.version)
    await aliases.set(call, name, label, call.body.version)
    return assets.show(call, name, call.body.version)
  }),
]
