import { serverRoutes } from '@hagane/contract'
import type { Config } from '../../kernel/config.ts'
import type { Database } from '../../kernel/db/index.ts'
import { eventCount } from '../../kernel/events/index.ts'
import { type BoundRoute, implement, openApiOf } from '../../kernel/http/index.ts'
import { VERSION } from '../../kernel/version.ts'
import { statusPage } from './page.ts'
import { buildSchemas } from './schemas.ts'

interface Deps {
  db: Database
  config: Config
  /** Every route of the server, for OpenAPI. */
  routes: readonly BoundRoute[]
  url: () => string
  startedAt: number
  /** Milliseconds from start to listening. */
  readyMs: () => number
  gateway: () => { url: string; pid: number } | undefined
  /** Jobs of a workspace by status. */
  jobCounts: (workspace: string) => Promise<Record<string, number>>
}

/** What runs here: status, configuration, OpenAPI and the page at `/`. */
export function buildStatus({ db, config, routes, url, startedAt, readyMs, gateway, jobCounts }: Deps): {
  routes: BoundRoute[]
} {
  let openApi: string | undefined
  const schemas = buildSchemas()
  const countsOf = async (workspace: string) => ({ events: await eventCount(db), jobs: await jobCounts(workspace) })
  const own: BoundRoute[] = [
    implement(serverRoutes.status, async call => {
      const running = gateway()
      const counts = await countsOf(call.workspace)
      return {
        version: VERSION,
        pid: process.pid,
        url: url(),
        data: config.dataDir,
        database: String(config.origin.database.value ?? 'sqlite (in the data folder)'),
        started_at: new Date(startedAt).toISOString(),
        ready_ms: readyMs(),
        ...counts,
        ...(running === undefined ? {} : { gateway: running }),
      }
    }),
    implement(serverRoutes.config, async () => config.origin),
    implement(serverRoutes.openapi, async () => {
      openApi ??= JSON.stringify(openApiOf([...routes, ...own], VERSION))
      return { bytes: openApi, headers: { 'content-type': 'application/json' } }
    }),
    implement(serverRoutes.schemas, async () => ({
      items: schemas.names().map(name => ({ name, url: `${url()}/schemas/${name}` })),
    })),
    implement(serverRoutes.schema, async call => ({
      bytes: schemas.text(call.params.file),
      headers: { 'content-type': 'application/schema+json', 'access-control-allow-origin': '*' },
    })),
    implement(serverRoutes.home, async call => ({
      bytes: statusPage({
        version: VERSION,
        url: url(),
        counts: call.caller.can('workspace.read', call.workspace) ? await countsOf(call.workspace) : undefined,
      }),
      headers: {
        'content-type': 'text/html; charset=utf-8',
        'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'",
      },
    })),
  ]
  return { routes: own }
}
