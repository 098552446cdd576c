import { datastoreRoutes } from '@hagane/contract'
import { type BoundRoute, implement } from '../../kernel/http/index.ts'
import type { Datastores } from './datastores.ts'

export const datastoreRoutesOf = (datastores: Datastores): BoundRoute[] => [
  implement(datastoreRoutes.list, async call => ({ items: await datastores.list(call.workspace) })),
  implement(datastoreRoutes.show, call => datastores.get(call.workspace, call.params.name)),
  implement(datastoreRoutes.put, call => datastores.put(call, call.body)),
  implement(datastoreRoutes.delete, async call => {
    await datastores.delete(call, call.params.name)
    return { ok: true as const }
  }),
]
