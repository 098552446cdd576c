import { type BatchEndpoint, type BatchEndpointSpec, HaganeError, type Page } from '@hagane/contract'
import type { Database, Tx, Who } from '../../kernel/db/index.ts'
import { checkIfMatch, pageFrom, textCursor } from '../../kernel/http/index.ts'
import { findEndpoint, listEndpoints } from './reads.ts'
import { toEndpoint } from './resource.ts'
import { changeEndpoint, deleteEndpoint, deploymentNamesIn, endpointIn, insertEndpoint } from './store.ts'
import type { EndpointRow } from './tables.ts'

export type Caller = Who & { ifMatch?: string | undefined }
type Change = Pick<BatchEndpointSpec, 'description' | 'tags' | 'properties' | 'defaults'>

/** What can be done with batch endpoints themselves. */
export interface EndpointService {
  create(who: Who, spec: BatchEndpointSpec & { name: string }): Promise<BatchEndpoint>
  show(workspace: string, name: string): Promise<BatchEndpoint>
  list(workspace: string, page: { limit: number; cursor?: string | undefined }): Promise<Page<BatchEndpoint>>
  update(who: Caller, name: string, change: Change): Promise<BatchEndpoint>
  remove(who: Who, name: string): Promise<void>
}

export function buildEndpointService({ db, url }: { db: Database; url: () => string }): EndpointService {
  const show = async (workspace: string, name: string): Promise<BatchEndpoint> => {
    const row = await findEndpoint(db, workspace, name)
    if (row === undefined) throw noEndpoint(workspace, name)
    return toEndpoint(row, url())
  }
  return {
    show,
    async create(who, spec) {
      await db.withTransaction(who, tx => create(tx, spec))
      return show(who.workspace, spec.name)
    },
    async list(workspace, { limit, cursor }) {
      const rows = await listEndpoints(db, workspace, limit + 1, textCursor(cursor))
      return pageFrom(
        rows,
        limit,
        row => toEndpoint(row, url()),
        row => [row.name],
      )
    },
    async update(who, name, change) {
      await db.withTransaction(who, async tx => {
        const row = await requireEndpoint(tx, name)
        checkIfMatch(who, String(row.revision))
        await update(tx, row, change)
      })
      return show(who.workspace, name)
    },
    remove: (who, name) =>
      db.withTransaction(who, async tx => {
        await requireEndpoint(tx, name)
        const deployments = await deploymentNamesIn(tx, name)
        await deleteEndpoint(tx, name)
        append(tx, 'endpoint-deleted', name, { deployments })
      }),
  }
}

async function create(tx: Tx, spec: BatchEndpointSpec & { name: string }): Promise<void> {
  const { name, auth_mode, description, tags = {}, properties = {}, defaults } = spec
  if ((await endpointIn(tx, name)) !== undefined)
    throw new HaganeError('conflict', `batch endpoint '${name}' already exists`, {
      hint: '`hagane batch-endpoint update` changes it; deployments are added to it as they are',
    })
  if ((defaults?.deployment_name ?? '') !== '') throw noDefault(name, String(defaults?.deployment_name), [])
  await insertEndpoint(tx, {
    name,
    auth_mode,
    description: description ?? null,
    tags: JSON.stringify(tags),
    properties: JSON.stringify(properties),
    default_deployment: null,
  })
  append(tx, 'endpoint-created', name, { auth_mode })
}

async function update(tx: Tx, row: EndpointRow, { description, tags, properties, defaults }: Change): Promise<void> {
  const chosen = defaults === undefined ? undefined : defaults.deployment_name || null
  if (typeof chosen === 'string') {
    const names = await deploymentNamesIn(tx, row.name)
    if (!names.includes(chosen)) throw noDefault(row.name, chosen, names)
  }
  await changeEndpoint(tx, row, {
    ...(description === undefined ? {} : { description }),
    ...(tags === undefined ? {} : { tags: JSON.stringify(tags) }),
    ...(properties === undefined ? {} : { properties: JSON.stringify(properties) }),
    ...(chosen === undefined ? {} : { default_deployment: chosen }),
  })
  append(tx, 'endpoint-updated', row.name, {
    ...(description === undefined ? {} : { description }),
    ...(tags === undefined ? {} : { tags }),
    ...(properties === undefined ? {} : { properties }),
    ...(chosen === undefined ? {} : { default_deployment: chosen }),
  })
}

function append(tx: Tx, what: string, endpoint: string, data: Record<string, unknown>): void {
  tx.append({
    type: `dev.hagane.batch.${what}`,
    subject: `batch-endpoint/${endpoint}`,
    data: { endpoint, ...data },
  })
}

/** The endpoint in a transaction; throws not_found. */
export async function requireEndpoint(tx: Tx, name: string): Promise<EndpointRow> {
  const row = await endpointIn(tx, name)
  if (row === undefined) throw noEndpoint(tx.who.workspace, name)
  return row
}

export const noEndpoint = (workspace: string, name: string): HaganeError =>
  new HaganeError('not_found', `no batch endpoint '${name}' in workspace ${workspace}`, {
    hint: '`hagane batch-endpoint list` shows them',
  })

const noDefault = (endpoint: string, sent: string, allowed: string[]): HaganeError =>
  new HaganeError('invalid', `defaults.deployment_name: '${endpoint}' has no deployment '${sent}'`, {
    details: [{ property: 'defaults.deployment_name', message: 'no such deployment', sent, allowed }],
    hint: 'create the deployment first, with --set-default',
  })
