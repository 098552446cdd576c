import { HaganeError, type OnlineEndpoint, type OnlineEndpointSpec, type Page } from '@hagane/contract'
import type { Database, Tx, Who } from '../../kernel/db/index.ts'
import { checkIfMatch, decodeCursor, pageFrom } from '../../kernel/http/index.ts'
import type { Secrets } from '../../kernel/secrets.ts'
import type { GatewayAddresses } from './gateway-supervisor.ts'
import { type FindHolder, refuseHeld } from './held.ts'
import { issueToken, keyColumns, newKey } from './keys.ts'
import { findEndpoint, listEndpoints } from './reads.ts'
import { toEndpoint } from './resource.ts'
import { servingProperties } from './serving-properties.ts'
import { changeEndpoint, deleteEndpoint, deploymentNamesIn, endpointIn, insertEndpoint } from './store.ts'
import type { EndpointRow } from './tables.ts'
import { checkTraffic, type Traffic } from './traffic.ts'

export interface EndpointDeps {
  db: Database
  secrets: Secrets
  /** Where callers reach the gateway. */
  gatewayAddresses(): GatewayAddresses
  ensureGateway(): Promise<void>
  /** The routing table may have changed. */
  tableChanged(): void
  findHolder: FindHolder
}

type Caller = Who & { ifMatch?: string | undefined }
type Change = Partial<
  Pick<
    OnlineEndpointSpec,
    'description' | 'tags' | 'properties' | 'traffic' | 'mirror_traffic' | 'public_network_access'
  >
>
export interface Credentials {
  primaryKey?: string
  secondaryKey?: string
  accessToken?: string
  expiryTimeUtc?: number
  refreshAfterTimeUtc?: number
  tokenType?: string
}

/** What can be done with online endpoints. */
export interface EndpointService {
  create(who: Who, spec: OnlineEndpointSpec & { name: string }): Promise<OnlineEndpoint>
  show(workspace: string, name: string): Promise<OnlineEndpoint>
  list(workspace: string, page: { limit: number; cursor?: string | undefined }): Promise<Page<OnlineEndpoint>>
  update(who: Caller, name: string, change: Change): Promise<OnlineEndpoint>
  remove(who: Who, name: string): Promise<void>
  /** Keys in clear, or a fresh token where the endpoint takes tokens. That they were read is an event. */
  credentials(who: Who, name: string): Promise<Credentials>
  regenerate(who: Who, name: string, which: 'primary' | 'secondary'): Promise<void>
}

const refreshBeforeMs = 600_000

export function buildEndpointService(deps: EndpointDeps): EndpointService {
  const { db, secrets } = deps
  const show = async (workspace: string, name: string): Promise<OnlineEndpoint> => {
    const row = await findEndpoint(db, workspace, name)
    if (row === undefined) throw noEndpoint(workspace, name)
    return toEndpoint(row, deps.gatewayAddresses())
  }
  const edit = <T>(who: Who, name: string, fn: (tx: Tx, row: EndpointRow) => Promise<T>): Promise<T> =>
    db.withTransaction(who, async tx => {
      const row = await endpointIn(tx, name)
      if (row === undefined) throw noEndpoint(who.workspace, name)
      tx.afterCommit(deps.tableChanged)
      return fn(tx, row)
    })
  return {
    show,
    async create(who, spec) {
      checkTraffic(spec.traffic ?? {}, spec.mirror_traffic ?? {}, [])
      servingProperties(spec.properties ?? {})
      await deps.ensureGateway()
      await db.withTransaction(who, async tx => {
        if ((await endpointIn(tx, spec.name)) !== undefined) throw alreadyThere(spec.name)
        await insertEndpoint(tx, rowOf(spec, secrets))
        tx.append({
          type: 'dev.hagane.endpoint.created',
          subject: `endpoint/${spec.name}`,
          data: { endpoint: spec.name, auth_mode: spec.auth_mode },
        })
        tx.afterCommit(deps.tableChanged)
      })
      return show(who.workspace, spec.name)
    },
    async list(workspace, { limit, cursor }) {
      const after = decodeCursor(cursor, 1)?.[0]
      const rows = await listEndpoints(db, workspace, limit + 1, after === undefined ? undefined : String(after))
      const addresses = deps.gatewayAddresses()
      return pageFrom(
        rows,
        limit,
        row => toEndpoint(row, addresses),
        row => [row.name],
      )
    },
    async update(who, name, change) {
      await edit(who, name, async (tx, row) => {
        const moves = change.traffic !== undefined || change.mirror_traffic !== undefined
        if (moves) await refuseHeld(deps.findHolder, tx, name, 'a change of it')
        // read again: the traffic is only now certain to stay
        await changed(tx, moves ? ((await endpointIn(tx, name)) ?? row) : row, who, change)
      })
      return show(who.workspace, name)
    },
    remove: (who, name) =>
      edit(who, name, async (tx, row) => {
        await refuseHeld(deps.findHolder, tx, name, 'its end')
        const deployments = await deploymentNamesIn(tx, row.name)
        await deleteEndpoint(tx, row.name)
        tx.append({
          type: 'dev.hagane.endpoint.deleted',
          subject: `endpoint/${name}`,
          data: { endpoint: name, deployments },
        })
      }),
    credentials: (who, name) => edit(who, name, (tx, row) => handOut(tx, row, secrets)),
    regenerate: (who, name, which) =>
      edit(who, name, async (tx, row) => {
        const primary = which === 'primary' ? newKey() : secrets.open(row.primary_key)
        const secondary = which === 'secondary' ? newKey() : secrets.open(row.secondary_key)
        await changeEndpoint(tx, row, keyColumns(secrets, primary, secondary))
        tx.append({
          type: 'dev.hagane.endpoint.key-regenerated',
          subject: `endpoint/${name}`,
          data: { endpoint: name, key: which },
        })
      }),
  }
}

const rowOf = (spec: OnlineEndpointSpec & { name: string }, secrets: Secrets) => ({
  name: spec.name,
  auth_mode: spec.auth_mode,
  description: spec.description ?? null,
  tags: JSON.stringify(spec.tags ?? {}),
  properties: JSON.stringify(spec.properties ?? {}),
  identity: spec.identity === undefined ? null : JSON.stringify(spec.identity),
  compute: spec.compute ?? null,
  public_network_access: spec.public_network_access,
  traffic: '{}',
  mirror_traffic: '{}',
  tokens: '[]',
  ...keyColumns(secrets, newKey(), newKey()),
})

async function changed(tx: Tx, row: EndpointRow, who: Caller, change: Change): Promise<void> {
  checkIfMatch(who, String(row.revision))
  const { description, tags, properties, traffic, mirror_traffic, public_network_access } = change
  servingProperties(properties ?? {})
  if (traffic !== undefined || mirror_traffic !== undefined) await splitTraffic(tx, row, traffic, mirror_traffic)
  await changeEndpoint(tx, row, {
    ...(description === undefined ? {} : { description }),
    ...(tags === undefined ? {} : { tags: JSON.stringify(tags) }),
    ...(properties === undefined ? {} : { properties: JSON.stringify(properties) }),
    ...(traffic === undefined ? {} : { traffic: JSON.stringify(traffic) }),
    ...(mirror_traffic === undefined ? {} : { mirror_traffic: JSON.stringify(mirror_traffic) }),
    ...(public_network_access === undefined ? {} : { public_network_access }),
  })
  const { traffic: _, mirror_traffic: __, ...rest } = change
  if (Object.keys(rest).length > 0)
    tx.append({
      type: 'dev.hagane.endpoint.updated',
      subject: `endpoint/${row.name}`,
      data: { endpoint: row.name, ...rest },
    })
}

async function splitTraffic(tx: Tx, row: EndpointRow, traffic?: Traffic, mirror?: Traffic): Promise<void> {
  const before = JSON.parse(row.traffic) as Traffic
  const live = traffic ?? before
  const copies = mirror ?? (JSON.parse(row.mirror_traffic) as Traffic)
  checkTraffic(live, copies, await deploymentNamesIn(tx, row.name))
  tx.append({
    type: 'dev.hagane.endpoint.traffic-changed',
    subject: `endpoint/${row.name}`,
    data: { endpoint: row.name, before, traffic: live, mirror_traffic: copies },
  })
}

async function handOut(tx: Tx, row: EndpointRow, secrets: Secrets): Promise<Credentials> {
  tx.append({
    type: 'dev.hagane.endpoint.credentials-read',
    subject: `endpoint/${row.name}`,
    data: { endpoint: row.name, auth_mode: row.auth_mode },
  })
  if (row.auth_mode === 'key')
    return { primaryKey: secrets.open(row.primary_key), secondaryKey: secrets.open(row.secondary_key) }
  const { token, expiresAt, tokens } = issueToken(row.tokens, tx.now)
  await changeEndpoint(tx, row, { tokens })
  const seconds = Math.floor(expiresAt.getTime() / 1000)
  return {
    accessToken: token,
    expiryTimeUtc: seconds,
    refreshAfterTimeUtc: seconds - refreshBeforeMs / 1000,
    tokenType: 'Bearer',
  }
}

export const noEndpoint = (workspace: string, name: string): HaganeError =>
  new HaganeError('not_found', `no online endpoint '${name}' in workspace ${workspace}`, {
    hint: '`hagane online-endpoint list` shows them',
  })

const alreadyThere = (name: string): HaganeError =>
  new HaganeError('conflict', `online endpoint '${name}' already exists`, {
    hint: '`hagane online-endpoint update` changes it; deployments are added to it as they are',
  })
