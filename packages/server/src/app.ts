import type { Server } from 'node:http'
import { HaganeError } from '@hagane/contract'
import type { FastifyInstance } from 'fastify'
import { buildAccess } from './domains/access/index.ts'
import { buildAudit } from './domains/audit/index.ts'
import { buildComponents } from './domains/components/index.ts'
import { buildCompute } from './domains/compute/index.ts'
import { buildContent } from './domains/content/index.ts'
import { buildData } from './domains/data/index.ts'
import { buildEnvironments } from './domains/environments/index.ts'
import { buildJobs, type Jobs } from './domains/jobs/index.ts'
import { buildLineage } from './domains/lineage/index.ts'
import { buildStatus } from './domains/status/index.ts'
import { buildTracking } from './domains/tracking/index.ts'
import { buildWorkspaces } from './domains/workspaces/index.ts'
import { openFileStore } from './kernel/blobs/index.ts'
import { type Clock, systemClock } from './kernel/clock.ts'
import type { Config } from './kernel/config.ts'
import { type Database, openDatabase } from './kernel/db/index.ts'
import { migrate } from './kernel/db/migrate.ts'
import { buildEventLog } from './kernel/events/index.ts'
import { type BoundRoute, buildHttp } from './kernel/http/index.ts'
import { buildLog, type Logger } from './kernel/log.ts'
import { openSecrets } from './kernel/secrets.ts'
import { buildTasks, releaseLeases } from './kernel/tasks/index.ts'
import { migrations } from './migrations/index.ts'

export interface Overrides {
  clock?: Clock
  log?: Logger
  db?: Database
}

export interface App {
  readonly http: FastifyInstance
  readonly routes: readonly BoundRoute[]
  readonly db: Database
  /** Migrates, starts background work and listens; the address it listens on. */
  start(): Promise<string>
  stop(): Promise<void>
}

/** The composition root: every part is built here and handed to those that need it. */
export function buildApp(config: Config, serverId: string, overrides: Overrides = {}): App {
  const startedAt = Date.now()
  const clock = overrides.clock ?? systemClock
  const log = overrides.log ?? buildLog(config.log_level)
  const db = overrides.db ?? openDatabase(config.databaseUrl, clock)
  const blobs = openFileStore(config.dataDir)
  const secrets = openSecrets(config.dataDir)
  const events = buildEventLog(db, log)
  const tasks = buildTasks(db, log, serverId)
  let url = ''
  let readyMs = 0

  const tracking = buildTracking({ db, blobs, log })
  const workspaces = buildWorkspaces({ db, url: () => url, onCreate: name => prepareWorkspace(name) })
  const access = buildAccess({
    db,
    credentialsNeeded: !config.loopback,
    requireWorkspace: workspaces.require,
  })
  const data = buildData({
    db,
    blobs,
    dataDir: config.dataDir,
    allowPrivateUrls: config.allow_private_urls,
    other: {
      jobOutput: (workspace, job, output, path) => jobs.output(workspace, job, output, path),
      runArtifacts: tracking.artifactTree,
    },
  })
  const environments = buildEnvironments({ db, blobs, tasks, config, log })
  const components = buildComponents({ db, check: async () => {} })
  const models = undefined as never
  const compute = buildCompute({ db, blobs })
  const jobs: Jobs = buildJobs({
    db,
    blobs,
    tasks,
    log,
    clock,
    dataDir: config.dataDir,
    url: () => url,
    concurrency: config.local_concurrency,
    data,
    components,
    environments,
    models,
    tracking,
    compute,
    tokens: access,
  })
  const lineage = buildLineage({
    db,
    events,
    findPrediction: async () => undefined,
    runFacts: async () => ({}),
    environmentFacts: async () => ({}),
  })
  const prepareWorkspace = async (name: string): Promise<void> => {
    await tracking.ensureDefaultExperiment({ workspace: name, actor: 'server' })
    await data.datastores.prepare(name)
  }
  void secrets
  const domains: { routes: BoundRoute[] }[] = [
    workspaces,
    access,
    buildAudit({ db }),
    buildContent({ blobs }),
    data,
    environments,
    components,
    tracking,
    compute,
    jobs,
    lineage,
  ]
  const routes: BoundRoute[] = domains.flatMap(domain => domain.routes)
  routes.push(
    ...buildStatus({
      db,
      config,
      routes,
      url: () => url,
      startedAt,
      readyMs: () => readyMs,
      gateway: () => undefined,
      jobCounts: jobs.counts,
    }).routes,
  )
  const http = buildHttp(routes, {
    db,
    log,
    authenticate: access.authenticate,
    bodyLimit: config.body_limit,
    allowedHosts: [config.host, ...config.allowed_hosts.split(',').map(name => name.trim())].filter(
      name => name !== '',
    ),
  })

  return {
    http,
    routes,
    db,
    async start() {
      await migrate(db, migrations)
      await workspaces.ensureDefault()
      if (!config.loopback && !(await access.hasCredentials())) throw noCredentials(config.host)
      await releaseLeases(db, serverId)
      await http.listen({ host: config.host, port: config.port })
      url = addressOf(http.server, config.host)
      readyMs = Date.now() - startedAt
      tasks.start()
      return url
    },
    async stop() {
      await http.close()
      await tasks.stop()
      await environments.stop()
      await tracking.stop()
      await events.stop()
      await db.close()
    },
  }
}

function addressOf(server: Server, host: string): string {
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const name = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host
  return `http://${name.includes(':') ? `[${name}]` : name}:${port}`
}

const noCredentials = (host: string): HaganeError =>
  new HaganeError('forbidden', `refusing to listen on ${host}: nobody could log in, because no token exists yet`, {
    hint: 'start once on loopback (`hagane up`), make a token (`hagane access token create --name me --role admin`), then start here again',
  })
