import {
  endpointRoutes,
  type GatewayReport,
  type GatewayTable,
  gatewayRoutes,
  HaganeError,
  modelPackageRoutes,
  type PackagedModel,
} from '@hagane/contract'
import { type BoundRoute, implement } from '../../kernel/http/index.ts'
import type { DeploymentService } from './deployments.ts'
import type { EndpointService } from './endpoints.ts'
import type { Prediction } from './types.ts'

/** What the routes need of the domain. */
export interface EndpointUses {
  endpoints: EndpointService
  deployments: DeploymentService
  log(revisionId: string, lines: number): Promise<string>
  prediction(workspace: string, id: string): Promise<Prediction | undefined>
  packagedModel(
    who: { workspace: string; actor: string },
    asked: { model: string; environment?: string | undefined },
  ): Promise<PackagedModel>
  table: {
    next(known: string | undefined, seconds: number, signal: AbortSignal): Promise<GatewayTable | undefined>
  }
  report(actor: string, report: GatewayReport): Promise<void>
}

const done = { ok: true as const }
const placeOf = (params: { name: string; deployment: string }) => ({ endpoint: params.name, name: params.deployment })

export const endpointRouteTable = (uses: EndpointUses): BoundRoute[] => [
  ...ofEndpoints(uses),
  ...ofDeployments(uses),
  ...ofGateway(uses),
  implement(modelPackageRoutes.resolve, call => uses.packagedModel(call, call.body)),
]

const ofEndpoints = ({ endpoints }: EndpointUses): BoundRoute[] => [
  implement(endpointRoutes.create, call => endpoints.create(call, call.body)),
  implement(endpointRoutes.list, call => endpoints.list(call.workspace, call.query)),
  implement(endpointRoutes.show, call => endpoints.show(call.workspace, call.params.name)),
  implement(endpointRoutes.update, call => endpoints.update(call, call.params.name, call.body)),
  implement(endpointRoutes.delete, async call => {
    await endpoints.remove(call, call.params.name)
    return done
  }),
  implement(endpointRoutes.credentials, call => endpoints.credentials(call, call.params.name)),
  implement(endpointRoutes.regenerateKey, async call => {
    await endpoints.regenerate(call, call.params.name, call.body.key_type)
    return done
  }),
]

const ofDeployments = ({ deployments, log, prediction }: EndpointUses): BoundRoute[] => [
  implement(endpointRoutes.createDeployment, call =>
    deployments.put(call, placeOf(call.params), call.body, call.query.all_traffic),
  ),
  implement(endpointRoutes.listDeployments, async call => ({
    items: await deployments.list(call.workspace, call.params.name),
  })),
  implement(endpointRoutes.showDeployment, call => deployments.show(call.workspace, placeOf(call.params))),
  implement(endpointRoutes.deleteDeployment, async call => {
    await deployments.remove(call, placeOf(call.params))
    return done
  }),
  implement(endpointRoutes.deploymentLogs, async call => {
    const row = await deployments.require(call.workspace, placeOf(call.params))
    return { content: row.revision_id === null ? '' : await log(row.revision_id, call.query.lines) }
  }),
  implement(endpointRoutes.deploymentRevisions, async call => ({
    items: await deployments.revisions(call.workspace, placeOf(call.params)),
  })),
  implement(endpointRoutes.prediction, async call => {
    const found = await prediction(call.workspace, call.params.id)
    if (found === undefined)
      throw new HaganeError(
        'not_found',
        `no prediction '${call.params.id}' was recorded in workspace ${call.workspace}`,
        {
          hint: 'the id is in the header x-hagane-prediction-id of an answer',
        },
      )
    return found
  }),
]

const ofGateway = ({ table, report }: EndpointUses): BoundRoute[] => [
  implement(gatewayRoutes.table, async call => {
    const { revision, wait } = call.query
    const next = await table.next(revision, wait, call.signal)
    return next === undefined ? { revision: revision ?? '' } : { revision: next.revision, table: next }
  }),
  implement(gatewayRoutes.report, async call => {
    await report(call.actor, call.body)
    return done
  }),
]
