import type { Server } from 'node:http'
import { HaganeError, type OtlpTelemetry, secondsOfDuration } from '@hagane/contract'
import type { FastifyInstance } from 'fastify'
import { composeDomains, type Domains } from './compose.ts'
import { buildServiceMetrics } from './domains/metrics/index.ts'
import { buildStatus } from './domains/status/index.ts'
import { openFileStore } from './kernel/blobs/index.ts'
import { type Clock, systemClock } from './kernel/clock.ts'
import type { Config } from './kernel/config.ts'
import { type Database, openDatabase } from './kernel/db/index.ts'
import { migrate } from './kernel/db/migrate.ts'
import { buildDiskReserve } from './kernel/disk-reserve.ts'
import { buildEventLog } from './kernel/events/index.ts'
import { type BoundRoute, buildHttp } from './kernel/http/index.ts'
import { buildLog, type Logger } from './kernel/log.ts'
import { openSecrets } from './kernel/secrets.ts'
import { buildTasks, releaseLeases } from './kernel/tasks/index.ts'
import { migrations } from './migrations/index.ts'

const RESERVE_EVERY_MS = 60_000

export interface Overrides {
  clock?: Clock
  log?: Logger
  db?: Database
  /** Where metrics and logs go besides. */
  telemetry?: OtlpTelemetry | undefined
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
  const log = overrides.log ?? buildLog(config.log_level, overrides.telemetry)
  const reserve = buildDiskReserve(config.dataDir)
  const db = overrides.db ?? openDatabase(config.databaseUrl, clock, reserve.release)
  const blobs = openFileStore(config.dataDir)
  const secrets = openSecrets(config.dataDir)
  const events = buildEventLog(db, log)
  const tasks = buildTasks(db, log, serverId)
  let url = ''
  let readyMs = 0
  let reserving: NodeJS.Timeout | undefined

  const parts = { config, serverId, clock, log, db, blobs, secrets, events, tasks, url: () => url }
  const around = { gpus: () => domains.gpus(), told: overrides.telemetry?.tell }
  const serviceMetrics = buildServiceMetrics({ ...parts, ...metricSettings(config), ...around })
  const domains: Domains = composeDomains({ ...parts, serviceMetrics, noteUsage: serviceMetrics.noteUsage })
  const { routes, access } = domains
  routes.push(
    ...serviceMetrics.routes,
    ...buildStatus({
      db,
      config,
      routes,
      url: () => url,
      startedAt,
      readyMs: () => readyMs,
      gateway: domains.endpoints.gateway,
      jobCounts: domains.jobs.counts,
    }).routes,
  )
  const http = buildHttp(routes, {
    db,
    log,
    authenticate: access.authenticate,
    refused: access.noteRefused,
    bodyLimit: config.body_limit,
    allowedHosts: allowedHosts(config),
    answered: serviceMetrics.answered,
  })

  return {
    http,
    routes,
    db,
    async start() {
      await migrate(db, migrations)
      await domains.workspaces.ensureDefault()
      if (!config.loopback && !(await access.hasCredentials())) throw noCredentials(config.host)
      await releaseLeases(db, serverId)
      await http.listen({ host: config.host, port: config.port })
      url = addressOf(http.server, config.host)
      readyMs = Date.now() - startedAt
      reserve.keep()
      reserving = setInterval(reserve.keep, RESERVE_EVERY_MS)
      tasks.start()
      domains.schedules.start()
      await domains.endpoints.start()
      domains.collection.start()
      domains.audit.start()
      domains.loop.start()
      serviceMetrics.start()
      return url
    },
    async stop() {
      clearInterval(reserving)
      // First, so that the gateway's open question is answered: closing waits for it.
      await domains.endpoints.stop()
      await http.close()
      await serviceMetrics.stop()
      await domains.stop()
      await blobs.close()
      await db.close()
      await overrides.telemetry?.close()
    },
  }
}

const allowedHosts = ({ host, allowed_hosts }: Config): string[] =>
  [host, ...allowed_hosts.split(',').map(name => name.trim())].filter(name => name !== '')

const metricSettings = (config: Config) => ({
  dataDir: config.dataDir,
  retention: {
    10: secondsOfDuration(config.metrics_10s_retention),
    60: secondsOfDuration(config.metrics_1m_retention),
    3600: secondsOfDuration(config.metrics_1h_retention),
  },
})

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
