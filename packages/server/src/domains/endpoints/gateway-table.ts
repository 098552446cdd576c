import { createHash } from 'node:crypto'
import { type GatewayEndpoint, type GatewayTable, gatewayTable, HaganeError } from '@hagane/contract'
import { canonicalJson } from '../../kernel/canonical-json.ts'
import type { Database } from '../../kernel/db/index.ts'
import { comparisonShareOf } from './collection-plan.ts'
import type { EndpointToken } from './keys.ts'
import { allForTable } from './reads.ts'
import { type ServingProperties, servingProperties } from './serving-properties.ts'
import type { DeploymentRow, EndpointRow } from './tables.ts'

/** Other servers on the same database change the table too; they are noticed by looking. */
const lookAgainMs = 1000

/** A person's own token, by its hash. */
export interface CallerToken {
  sha256: string
  expires_at: string | null
}

/** The routing table as it is now. Its revision is a digest, so it says whether two tables are the same. */
export class RoutingTable {
  readonly #db: Database
  readonly #callers: (workspace: string) => Promise<CallerToken[]>
  readonly #waiting = new Set<() => void>()
  #closed = false

  constructor(db: Database, callers: (workspace: string) => Promise<CallerToken[]>) {
    this.#db = db
    this.#callers = callers
  }

  /** Wakes those that wait for a change. */
  changed(): void {
    for (const wake of this.#waiting) wake()
  }

  /** Answers those that wait at once, now and from now on: the server is stopping. */
  close(): void {
    this.#closed = true
    this.changed()
  }

  async read(): Promise<GatewayTable> {
    const { endpoints, deployments } = await allForTable(this.#db)
    const now = this.#db.clock.now().getTime()
    const entries = endpoints.map(async row =>
      endpointEntry(row, deployments, now, row.auth_mode === 'aad_token' ? await this.#callers(row.workspace) : []),
    )
    const table = gatewayTable.parse({ revision: '', endpoints: await Promise.all(entries) })
    const revision = createHash('sha256').update(canonicalJson(table.endpoints)).digest('hex').slice(0, 32)
    return { ...table, revision }
  }

  /** Waits at most `seconds` for a table other than `known`; undefined when it stayed the same. */
  async next(known: string | undefined, seconds: number, signal: AbortSignal): Promise<GatewayTable | undefined> {
    const end = Date.now() + seconds * 1000
    for (;;) {
      const table = await this.read()
      if (table.revision !== known) return table
      const left = end - Date.now()
      if (left <= 0 || signal.aborted || this.#closed) return undefined
      await this.#change(Math.min(left, lookAgainMs), signal)
    }
  }

  #change(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise(resolve => {
      const done = (): void => {
        clearTimeout(timer)
        this.#waiting.delete(done)
        signal.removeEventListener('abort', done)
        resolve()
      }
      const timer = setTimeout(done, ms)
      this.#waiting.add(done)
      signal.addEventListener('abort', done)
    })
  }
}

function endpointEntry(
  row: EndpointRow,
  deployments: DeploymentRow[],
  now: number,
  people: CallerToken[],
): GatewayEndpoint {
  const own = deployments.filter(one => one.workspace === row.workspace && one.endpoint === row.name)
  const names = new Set(own.map(one => one.name))
  const known = (shares: string) =>
    Object.fromEntries(
      // by name, so that a sticky split does not turn when somebody writes the same shares in another order
      Object.entries(JSON.parse(shares) as Record<string, number>)
        .filter(([name]) => names.has(name))
        .toSorted(([a], [b]) => (a < b ? -1 : 1)),
    )
  const tokens = (JSON.parse(row.tokens) as EndpointToken[]).filter(one => Date.parse(one.expires_at) > now)
  return {
    workspace: row.workspace,
    name: row.name,
    auth_mode: row.auth_mode,
    key_hashes:
      row.auth_mode === 'key'
        ? JSON.parse(row.key_hashes)
        : people.filter(one => one.expires_at === null).map(one => one.sha256),
    token_hashes: [
      ...tokens,
      ...people.flatMap(({ sha256, expires_at }) => (expires_at === null ? [] : [{ sha256, expires_at }])),
    ],
    public_network_access: row.public_network_access,
    traffic: known(row.traffic),
    mirror_traffic: known(row.mirror_traffic),
    comparison_share: comparisonShareOf(JSON.parse(row.properties)),
    deployments: own.map(one => JSON.parse(one.entry ?? 'null')),
    ...servedBy(row),
  }
}

/** A property that an older server let in must not keep the gateway from its table. */
function servedBy(row: EndpointRow): ServingProperties {
  try {
    return servingProperties(JSON.parse(row.properties))
  } catch (error) {
    if (error instanceof HaganeError) return {}
    throw error
  }
}
