import { join, resolve } from 'node:path'
import { HaganeError, type OnlineDeploymentSpec } from '@hagane/contract'
import type { BlobStore } from '../../kernel/blobs/index.ts'
import type { Config } from '../../kernel/config.ts'
import type { Database } from '../../kernel/db/index.ts'
import type { BoundRoute } from '../../kernel/http/index.ts'
import type { Logger } from '../../kernel/log.ts'
import type { Secrets } from '../../kernel/secrets.ts'
import type { Tasks } from '../../kernel/tasks/index.ts'
import type { RegisterCollected } from './collected-data.ts'
import type { CheckDatastore } from './collection-plan.ts'
import { buildDeploymentService } from './deployments.ts'
import { buildEndpointService, noEndpoint } from './endpoints.ts'
import { gatewayEntry } from './gateway-entry.ts'
import { takeReport } from './gateway-report.ts'
import { GatewaySupervisor } from './gateway-supervisor.ts'
import { type CallerToken, RoutingTable } from './gateway-table.ts'
import type { FindHolder } from './held.ts'
import { type Operating, operatingOf, type Period } from './operating.ts'
import { packagedModel } from './packaged-model.ts'
import { type PredictionFile, predictionReads } from './prediction-files.ts'
import { findPredictionIn, type PlacedRecord } from './predictions.ts'
import { registerProvisioning } from './provision.ts'
import { findEndpoint, findRevision, hasEndpoints, revisionIds } from './reads.ts'
import { toRevision } from './resource.ts'
import { endpointRouteTable } from './routes.ts'
import { deployedNow, deploymentsOfModel } from './served-models.ts'
import { buildSteering, type Steering } from './steering.ts'
import type { EnvironmentSource, ModelSource, Prediction } from './types.ts'
import { workerLog } from './worker-log.ts'

export type { CollectedData } from './collected-data.ts'
export { folderName } from './content.ts'
export {
  deployedCode,
  deployedEnvironment,
  deployedModel,
  modelFacts,
} from './deployed-content.ts'
export type { Holder } from './held.ts'
export type { Operating } from './operating.ts'
export { checkNames, type Place } from './place.ts'
export type { PredictionFile } from './prediction-files.ts'
export type { PlacedRecord } from './predictions.ts'
export type { Split } from './steering.ts'
export type { EnvironmentSource, ModelSource, Prediction, ServedModel } from './types.ts'

export interface Endpoints {
  routes: BoundRoute[]
  /** The record behind a prediction id of a workspace, or of one of its rows; works while no gateway runs. */
  findPrediction(workspace: string, id: string): Promise<Prediction | undefined>
  /** As `findPrediction`, with the file and the place in it. */
  locatePrediction(workspace: string, id: string): Promise<PlacedRecord | undefined>
  /** Every file of predictions that a revision has made, also those that were deleted since. */
  predictionFiles(revisionId: string): Promise<PredictionFile[]>
  /** The records of a revision as lines, as long as they are kept. */
  predictionLines(revisionId: string): AsyncGenerator<string>
  /** The deployments, as `endpoint/name`, that serve a version of a registered model, or any version of it. */
  deploymentsOfModel(workspace: string, name: string, version?: string): Promise<string[]>
  /** What a deployment was asked to be, and the model that it serves, as far as that is known. */
  deployed(
    workspace: string,
    endpoint: string,
    name: string,
  ): Promise<{ spec: OnlineDeploymentSpec; model: string | undefined } | undefined>
  /** Every revision that an endpoint has had. Throws not_found when there is no such endpoint, and was none. */
  revisionsOf(workspace: string, endpoint: string): Promise<string[]>
  /** Workspace, endpoint and deployment of a revision. */
  revision(id: string): Promise<{ workspace: string; endpoint: string; deployment: string } | undefined>
  /** For those who move the traffic by themselves. */
  steering: Steering
  /** What a deployment answered in a time, from the records that the gateway writes before each answer. */
  operating(workspace: string, endpoint: string, deployment: string, period: Period): Promise<Operating>
  /** Where callers reach the gateway, if it runs. */
  gateway(): { url: string; pid: number } | undefined
  /** After this server listens: adopts or starts the gateway when there are endpoints. */
  start(): Promise<void>
  /** Before the server stops listening: lets go of the gateway, which goes on serving, and answers its open question. */
  stop(): Promise<void>
  /** Ends the gateway after it has answered what is open. */
  endGateway(): Promise<void>
}

interface Deps {
  db: Database
  blobs: BlobStore
  tasks: Tasks
  secrets: Secrets
  log: Logger
  config: Pick<Config, 'dataDir' | 'host' | 'gateway_port' | 'gateway_tls_cert' | 'gateway_tls_key'>
  models: ModelSource
  environments: EnvironmentSource
  /** Makes a data asset of what a deployment collects. */
  collected: RegisterCollected
  checkDatastore: CheckDatastore
  /** Who moves the traffic of an endpoint by itself. */
  findHolder: FindHolder
  /** Address of this server's API, once it listens. */
  url: () => string
  /** Tokens of people who may call an endpoint of a workspace, for endpoints whose auth_mode is aad_token. */
  callers: (workspace: string) => Promise<CallerToken[]>
  /** A token with which a gateway may call this server; undefined where none is needed. */
  gatewayToken: () => Promise<string | undefined>
  /** The gateway's program; found beside the server by default. */
  gatewayProgram?: string
}

/** Online endpoints: their deployments, traffic and keys here; the gateway, a process of its own, serves them. */
export function buildEndpoints(deps: Deps): Endpoints {
  const { db, blobs, tasks, secrets, log, config, models, environments, findHolder } = deps
  const dir = join(config.dataDir, 'gateway')
  const table = new RoutingTable(db, deps.callers)
  const supervisor = new GatewaySupervisor({
    dir,
    logsDir: join(config.dataDir, 'logs'),
    entry: deps.gatewayProgram ?? gatewayEntry(),
    host: config.host,
    port: config.gateway_port,
    tls: tlsFilesOf(config),
    log,
    url: deps.url,
    token: deps.gatewayToken,
  })
  const tableChanged = (): void => table.changed()
  const ensureGateway = (): Promise<void> => supervisor.ensure()
  const gatewayAddresses = () => supervisor.addresses()
  registerProvisioning(tasks, { db, blobs, models, environments, log, ensureGateway, tableChanged, findHolder })
  const deployments = buildDeploymentService({ ...deps, tableChanged })

  async function findPrediction(workspace: string, id: string): Promise<Prediction | undefined> {
    const prediction = await findPredictionIn(dir, id)
    if (prediction?.workspace !== workspace) return undefined
    const revision = await findRevision(db, prediction.revision)
    return { prediction, ...(revision === undefined ? {} : { revision: toRevision(revision) }) }
  }

  async function revisionsOf(workspace: string, endpoint: string): Promise<string[]> {
    const ids = await revisionIds(db, workspace, endpoint)
    if (ids.length === 0 && (await findEndpoint(db, workspace, endpoint)) === undefined)
      throw noEndpoint(workspace, endpoint)
    return ids
  }

  return {
    findPrediction,
    ...predictionReads(db, dir),
    deploymentsOfModel: (workspace, name, version) => deploymentsOfModel(db, workspace, name, version),
    deployed: (workspace, endpoint, name) => deployedNow(db, workspace, endpoint, name),
    revisionsOf,
    steering: buildSteering({ db, tableChanged, request: deployments.request }),
    operating: (workspace, endpoint, deployment, period) =>
      operatingOf({ db, dir }, { workspace, endpoint, deployment }, period),
    revision: id => findRevision(db, id),
    routes: endpointRouteTable({
      endpoints: buildEndpointService({ db, secrets, gatewayAddresses, ensureGateway, tableChanged, findHolder }),
      deployments,
      log: (revisionId, lines) => workerLog(dir, revisionId, lines),
      prediction: findPrediction,
      packagedModel: (who, asked) => packagedModel({ blobs, models, environments }, who, asked),
      table,
      report: (actor, report) => takeReport({ db, tableChanged, findHolder }, actor, report),
    }),
    gateway() {
      const running = supervisor.running()
      return running === undefined ? undefined : { url: supervisor.address(), pid: running.pid }
    },
    async start() {
      if (await hasEndpoints(db)) await supervisor.ensure()
    },
    async stop() {
      table.close()
      supervisor.release()
    },
    endGateway: () => supervisor.end(),
  }
}

/** Absolute, since the gateway has a folder of its own. */
function tlsFilesOf({ gateway_tls_cert: cert, gateway_tls_key: key }: Deps['config']) {
  if (cert === undefined && key === undefined) return undefined
  if (cert === undefined || key === undefined)
    throw new HaganeError('invalid', 'configuration: gateway_tls_cert and gateway_tls_key belong together', {
      hint: `${cert === undefined ? 'gateway_tls_cert' : 'gateway_tls_key'} is missing`,
    })
  return { certFile: resolve(cert), keyFile: resolve(key) }
}
