import { batchRoutes } from '@hagane/contract'
import { type BoundRoute, implement } from '../../kernel/http/index.ts'
import type { DeploymentService } from './deployments.ts'
import type { EndpointService } from './endpoints.ts'
import type { InvocationService } from './invocations.ts'

const done = { ok: true as const }
const placeOf = (params: { name: string; deployment: string }) => ({ endpoint: params.name, name: params.deployment })

/** Batch endpoints, their deployments and the jobs they start, over HTTP. */
export const batchRouteTable = (
  endpoints: EndpointService,
  deployments: DeploymentService,
  invocations: InvocationService,
): BoundRoute[] => [
  implement(batchRoutes.create, call => endpoints.create(call, call.body)),
  implement(batchRoutes.list, call => endpoints.list(call.workspace, call.query)),
  implement(batchRoutes.show, call => endpoints.show(call.workspace, call.params.name)),
  implement(batchRoutes.update, call => endpoints.update(call, call.params.name, call.body)),
  implement(batchRoutes.delete, async call => {
    await endpoints.remove(call, call.params.name)
    return done
  }),
  implement(batchRoutes.invoke, call => invocations.invoke(call, call.params.name, call.body)),
  implement(batchRoutes.listJobs, call =>
    invocations.list(
      call.workspace,
      { endpoint: call.params.name, deployment: call.query.deployment_name },
      call.query,
    ),
  ),
  implement(batchRoutes.createDeployment, call =>
    deployments.put(call, placeOf(call.params), call.body, call.query.set_default),
  ),
  implement(batchRoutes.listDeployments, async call => ({
    items: await deployments.list(call.workspace, call.params.name),
  })),
  implement(batchRoutes.showDeployment, call => deployments.show(call.workspace, placeOf(call.params))),
  implement(batchRoutes.deleteDeployment, async call => {
    await deployments.remove(call, placeOf(call.params))
    return done
  }),
]
