import { computeRoutes } from '@hagane/contract'
import { type BoundRoute, implement } from '../../kernel/http/index.ts'
import type { ComputeService } from './service.ts'

/** The HTTP face of compute targets. */
export const bindRoutes = (service: ComputeService): BoundRoute[] => [
  implement(computeRoutes.create, call => service.put(call, call.body)),
  implement(computeRoutes.list, async call => ({ items: await service.list(call.workspace) })),
  implement(computeRoutes.show, call => service.get(call.workspace, call.params.name)),
  implement(computeRoutes.delete, async call => {
    await service.delete(call, call.params.name)
    return { ok: true as const }
  }),
]
