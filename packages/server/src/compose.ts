import { createReadStream } from 'node:fs'
import { join } from 'node:path'
import { parseReference, secondsOfDuration } from '@hagane/contract'
import { composeProofs, factsFrom } from './compose-lineage.ts'
import { composeLoop, type Loop } from './compose-loop.ts'
import { type Access, buildAccess } from './domains/access/index.ts'
import { hasAssets } from './domains/assets/index.ts'
import type { Audit } from './domains/audit/index.ts'
import { type Batch, buildBatch } from './domains/batch/index.ts'
import { buildCollection, type Collection, collectionFolder } from './domains/collection/index.ts'
import { buildComponents } from './domains/components/index.ts'
import { buildCompute } from './domains/compute/index.ts'
import { buildContent } from './domains/content/index.ts'
import { buildData, type Data, DEFAULT_DATASTORE, urlMirrorRules } from './domains/data/index.ts'
import { buildEndpoints, type CollectedData, type Endpoints } from './domains/endpoints/index.ts'
import { buildEnvironments } from './domains/environments/index.ts'
import type { Explanations } from './domains/explanations/index.ts'
import { buildJobs, type Jobs } from './domains/jobs/index.ts'
import { buildLineage, type Lineage } from './domains/lineage/index.ts'
import type { ServiceMetrics } from './domains/metrics/index.ts'
import { buildModels, type Models } from './domains/models/index.ts'
import { buildMonitoring, chartsIn, type Monitoring } from './domains/monitoring/index.ts'
import type { Rollouts } from './domains/rollouts/index.ts'
import { buildSchedules, type ScheduledMonitors, type Schedules } from './domains/schedules/index.ts'
import { buildTracking, type Tracking } from './domains/tracking/index.ts'
import { buildWorkspaces, type Workspaces } from './domains/workspaces/index.ts'
import type { BlobStore } from './kernel/blobs/index.ts'
import type { Clock } from './kernel/clock.ts'
import type { Config } from './kernel/config.ts'
import type { Database, Tx } from './kernel/db/index.ts'
import type { EventLog } from './kernel/events/index.ts'
import type { BoundRoute } from './kernel/http/index.ts'
import type { Logger } from './kernel/log.ts'
import type { Secrets } from './kernel/secrets.ts'
import type { Tasks } from './kernel/tasks/index.ts'

/** What the kernel gives to every domain. */
export interface Parts {
  config: Config
  /** Stable for the life of the data folder. */
  serverId: string
  clock: Clock
  log: Logger
  db: Database
  blobs: BlobStore
  secrets: Secrets
  events: EventLog
  tasks: Tasks
  /** Address of this server, once it listens. */
  url: () => string
  serviceMetrics: ServiceMetrics
  noteUsage: ServiceMetrics['noteUsage']
}

export interface Domains {
  routes: BoundRoute[]
  audit: Audit
  workspaces: Workspaces
  access: Access
  jobs: Jobs
  endpoints: Endpoints
  collection: Collection
  schedules: Schedules
  loop: Loop
  /** What the GPUs of this machine do. */
  gpus(): Record<string, number>
  stop(): Promise<void>
}

const SERVER = { workspace: 'default', actor: 'server' }

/** Builds every domain and hands each the doors of those it needs. */
export function composeDomains(parts: Parts): Domains {
  const { config, db, tasks, events } = parts
  const tracking = buildTracking(parts)
  const workspaces: Workspaces = buildWorkspaces({
    db,
    url: parts.url,
    onCreate: name => prepareWorkspace(name, tracking, data),
    isEmpty: async name => !((await hasAssets(db, name)) || (await models.holdsAny(name))),
  })
  const { requireRegistry } = workspaces
  const access = buildAccess({ db, credentialsNeeded: !config.loopback, workspaces })
  const data = buildData({
    ...parts,
    requireRegistry,
    ...dataSettings(config),
    other: { jobOutput: (...of) => jobs.output(...of), runArtifacts: tracking.artifactTree },
  })
  const environments = buildEnvironments({ ...parts, config, requireRegistry })
  const components = buildComponents({ db, requireRegistry, isRegistry: workspaces.isRegistry })
  const deployed = (...of: Parameters<Endpoints['deploymentsOfModel']>) => endpoints.deploymentsOfModel(...of)
  const models: Models = buildModels({ ...parts, tracking, content: data.resolve, requireRegistry, deployed })
  const compute = buildCompute(parts)
  const runs = { ...runSettings(config), tokens: access }
  const jobs: Jobs = buildJobs({ ...parts, ...runs, data, components, environments, models, tracking, compute })
  const served = { resolve: servedModel(models, data) }
  const around = aroundEndpoints(parts, data, access, () => loop.rollouts)
  const endpoints: Endpoints = buildEndpoints({ ...parts, models: served, environments, ...around })
  const collection = buildCollection(collectionParts(parts, data, endpoints))
  const schedules: Schedules = buildSchedules({ ...parts, jobs, monitors: actionsOf(() => monitoring) })
  const batch = buildBatch({ ...parts, sources: batchSources(served, environments, components, jobs) })
  const lineage = buildLineage({ ...parts, ...factsFrom(config, tracking, endpoints, collection, batch) })
  const loop: Loop = composeLoop(parts, { data, environments, tracking, models, served, jobs, endpoints, collection })
  const { audit, explanations } = composeProofs(parts, { jobs, models, endpoints, collection, lineage })
  const seen = { data, endpoints, collection, lineage, jobs, components, tracking, batch, explanations }
  const monitoring: Monitoring = buildMonitoring(watched(parts, schedules, seen))
  const base = [workspaces, access, audit, contentOf(parts), data, environments, components, tracking, models, compute]
  const working = [jobs, schedules, endpoints, collection, batch, lineage, monitoring, explanations, ...loop.domains]
  return {
    routes: routesOf(...base, ...working),
    ...{ workspaces, access, jobs, endpoints, collection, schedules, audit, loop },
    gpus: compute.gpus,
    stop: () => stopInOrder(audit, loop, schedules, collection, endpoints, tasks, jobs, environments, tracking, events),
  }
}

/** Schedules have monitors judge, and monitors are schedules: each knows the other by what it does. */
const actionsOf = (monitoring: () => Monitoring): ScheduledMonitors => ({
  check: (...of) => monitoring().actions.check(...of),
  begin: (...of) => monitoring().actions.begin(...of),
  stored: (...of) => monitoring().actions.stored(...of),
  deleted: (...of) => monitoring().actions.deleted(...of),
})

interface Watched {
  data: Data
  endpoints: Endpoints
  collection: Collection
  lineage: Lineage
  jobs: Jobs
  components: ReturnType<typeof buildComponents>
  tracking: Tracking
  batch: Batch
  explanations: Explanations
}

/** What monitors look at. */
const watched = (parts: Parts, schedules: Schedules, of: Watched) => ({
  ...parts,
  workDir: join(parts.config.dataDir, 'monitoring'),
  schedules: schedules.monitors,
  async deployment(workspace: string, endpoint: string, name: string) {
    return (await of.endpoints.deployed(workspace, endpoint, name)) ?? of.batch.deployed(workspace, endpoint, name)
  },
  batch: of.batch,
  collected: of.collection.periods,
  resolve: of.data.resolve,
  table: of.data.table,
  makersOf: of.lineage.makersOf,
  jobs: of.jobs,
  components: of.components,
  explained: of.explanations.explained,
  chart: chartsIn(of.tracking),
})

const batchSources = (
  models: { resolve: ReturnType<typeof servedModel> },
  environments: ReturnType<typeof buildEnvironments>,
  components: ReturnType<typeof buildComponents>,
  jobs: Jobs,
) => ({ models, environment: environments.plan, component: components.resolve, jobs })

const runSettings = (config: Config) => ({
  dataDir: config.dataDir,
  concurrency: config.local_concurrency,
  reuseMaxAge: config.reuse_max_age === undefined ? undefined : secondsOfDuration(config.reuse_max_age),
})

/** What endpoints ask of others, besides models and environments. */
const aroundEndpoints = ({ db, config }: Parts, data: Data, access: Access, rollouts: () => Rollouts) => ({
  collected: collectedData(data),
  checkDatastore: data.datastores.check,
  findHolder: (...of: Parameters<Rollouts['findHolder']>) => rollouts().findHolder(...of),
  ...gatewayAccess(db, access, config),
})

/** What a deployment collects is a data asset: the folder that it is written to. */
const collectedData =
  (data: Data) =>
  (tx: Tx, { name, version, path, ...of }: CollectedData) => {
    const folder = collectionFolder(of.endpoint, of.deployment, of.collection)
    return data.registerGrowing(tx, {
      ...{ name, version },
      path: path ?? `azureml://datastores/${DEFAULT_DATASTORE}/paths/${folder}`,
      description: `${of.collection} that deployment ${of.deployment} of endpoint ${of.endpoint} collects`,
    })
  }

/** Where what is collected lies, how long, and who knows of it. */
const collectionParts = ({ blobs, config, db, log, secrets }: Parts, data: Data, endpoints: Endpoints) => ({
  ...{ db, log },
  dataDir: config.dataDir,
  redactionKey: secrets.keyFor('redaction'),
  datastore: {
    name: DEFAULT_DATASTORE,
    folder: async (workspace: string) => (await data.datastores.get(workspace, DEFAULT_DATASTORE)).path,
  },
  async writeTo(workspace: string, datastore: string, folder: string, file: string, name: string) {
    const { digest, size } = await blobs.put(createReadStream(file))
    const { digest: tree } = await blobs.putTree([{ path: name, digest, size }])
    await data.datastores.write(workspace, datastore, folder, { tree, path: '' })
  },
  table: data.table,
  revisionsOf: endpoints.revisionsOf,
  revision: endpoints.revision,
  keepSeconds: {
    collected: secondsOfDuration(config.collected_data_retention),
    predictions: config.prediction_retention === undefined ? undefined : secondsOfDuration(config.prediction_retention),
  },
})

/** Who gives work to others stops before them. */
async function stopInOrder(...parts: { stop(): Promise<void> | void }[]): Promise<void> {
  for (const part of parts) await part.stop()
}

const contentOf = ({ blobs, config }: Parts) => buildContent({ blobs, dataDir: config.dataDir })

const dataSettings = (config: Config) => ({
  dataDir: config.dataDir,
  allowPrivateUrls: config.allow_private_urls,
  urlMirror: urlMirrorRules(config.url_mirror),
})

const routesOf = (...domains: { routes: BoundRoute[] }[]): BoundRoute[] => domains.flatMap(domain => domain.routes)

async function prepareWorkspace(name: string, tracking: Tracking, data: Data): Promise<void> {
  await tracking.ensureDefaultExperiment({ workspace: name, actor: 'server' })
  await data.datastores.prepare(name)
}

/** A model by name from the registry, or straight from a job, a run, a datastore or an address. */
const servedModel = (models: Models, data: Data) => async (workspace: string, reference: string) => {
  const { form } = parseReference(reference)
  if (!['job-output', 'run', 'datastore', 'url', 'tree'].includes(form)) return models.resolve(workspace, reference)
  const { tree, path } = await data.resolve(workspace, reference)
  return { id: reference, name: 'inline', version: tree.slice(0, 12), type: 'custom_model', tree, path }
}

/** With what the gateway comes to this server, and whose tokens it takes. */
const gatewayAccess = (db: Database, access: Access, config: Config) => ({
  gatewayToken: () => gatewayToken(db, access, config),
  callers: (workspace: string) => access.tokensWith('endpoint.invoke', workspace),
})

/** A gateway needs a token only where everybody does. */
async function gatewayToken(db: Database, access: Access, config: Config): Promise<string | undefined> {
  if (config.loopback) return undefined
  return db.withTransaction(SERVER, tx => access.issue(tx, 'gateway', 'gateway', null))
}
