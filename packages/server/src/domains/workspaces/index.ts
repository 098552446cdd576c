import { HaganeError, type WorkspaceResource, workspaceRoutes } from '@hagane/contract'
import type { Database, Who } from '../../kernel/db/index.ts'
import {
  type BoundRoute,
  checkIfMatch,
  EVERY_WORKSPACE,
  implement,
  pageFrom,
  textCursor,
} from '../../kernel/http/index.ts'
import { findWorkspace, listWorkspaces } from './reads.ts'
import { refuseOutside } from './refuse-outside.ts'
import { buildRegistries, noRegistry } from './registries.ts'
import { insertWorkspace, updateWorkspace, type WorkspaceRow, workspaceForUpdate } from './store.ts'

export const DEFAULT_WORKSPACE = 'default'

export interface Workspaces {
  routes: BoundRoute[]
  /** Throws not_found. Known names are remembered, since workspaces are never removed. */
  require(name: string): Promise<void>
  /** Whether a name is that of a registry: a workspace for assets alone, which all others may read. */
  isRegistry(name: string): Promise<boolean>
  /** Throws not_found on a name that is not a registry's. */
  requireRegistry(name: string): Promise<void>
  /** Makes the default workspace at first start. */
  ensureDefault(): Promise<void>
}

interface Deps {
  db: Database
  /** Address under which clients reach this server. */
  url: () => string
  /** What other domains set up in a new workspace, in the same transaction. */
  onCreate: (name: string) => Promise<void>
  /** Whether a registry holds nothing that anybody could refer to. */
  isEmpty: (name: string) => Promise<boolean>
}

export function buildWorkspaces({ db, url, onCreate, isEmpty }: Deps): Workspaces {
  const known = new Map<string, WorkspaceRow['kind']>()
  const toResource = (row: WorkspaceRow): WorkspaceResource => ({
    id: `/workspaces/${row.name}`,
    name: row.name,
    display_name: row.display_name,
    ...(row.description === null ? {} : { description: row.description }),
    tags: JSON.parse(row.tags),
    mlflow_tracking_uri: row.name === DEFAULT_WORKSPACE ? url() : `${url()}/ws/${row.name}`,
    etag: String(row.revision),
    creation_context: {
      created_at: row.created_at,
      created_by: row.created_by,
      last_modified_at: row.modified_at,
      last_modified_by: row.modified_by,
    },
  })
  const get = async (name: string) => (await findWorkspace(db, name)) ?? Promise.reject(missing(name))
  const registries = buildRegistries({ db, url, isEmpty, forget: name => known.delete(name) })
  const kindOf = async (name: string): Promise<WorkspaceRow['kind'] | undefined> => {
    const kind = known.get(name) ?? (await findWorkspace(db, name))?.kind
    if (kind !== undefined) known.set(name, kind)
    return kind
  }
  const create = async (who: Who, values: Parameters<typeof insertWorkspace>[1]) => {
    const row = await db.withTransaction({ ...who, workspace: values.name }, async tx => {
      if ((await workspaceForUpdate(tx, values.name)) !== undefined)
        throw new HaganeError('conflict', `workspace ${values.name} already exists`)
      tx.append({
        type: 'dev.hagane.workspace.created',
        subject: `workspace/${values.name}`,
        data: { name: values.name },
      })
      return insertWorkspace(tx, values)
    })
    await onCreate(row.name)
    return row
  }
  return {
    async require(name) {
      if ((await kindOf(name)) === undefined) throw missing(name)
    },
    isRegistry: async name => (await kindOf(name)) === 'registry',
    async requireRegistry(name) {
      if ((await kindOf(name)) !== 'registry') throw noRegistry(name)
    },
    async ensureDefault() {
      if ((await findWorkspace(db, DEFAULT_WORKSPACE)) !== undefined) return
      await create(
        { workspace: DEFAULT_WORKSPACE, actor: 'server' },
        { name: DEFAULT_WORKSPACE, kind: 'workspace', display_name: 'Default', description: null, tags: '{}' },
      )
    },
    routes: [
      ...registries,
      implement(workspaceRoutes.create, async call => {
        refuseOutside(call, 'workspace.write', EVERY_WORKSPACE)
        const { name, display_name, description, tags } = call.body
        return toResource(
          await create(call, {
            name,
            kind: 'workspace',
            display_name: display_name ?? name,
            description: description ?? null,
            tags: JSON.stringify(tags ?? {}),
          }),
        )
      }),
      implement(workspaceRoutes.list, async call => {
        if (!call.caller.can('workspace.read', EVERY_WORKSPACE))
          return { items: [toResource(await get(call.workspace))] }
        const rows = await listWorkspaces(db, 'workspace', call.query.limit + 1, textCursor(call.query.cursor))
        return pageFrom(rows, call.query.limit, toResource, row => [row.name])
      }),
      implement(workspaceRoutes.show, async call => {
        refuseOutside(call, 'workspace.read', call.params.name)
        return toResource(await get(call.params.name))
      }),
      implement(workspaceRoutes.update, async call => {
        const { name } = call.params
        const { display_name, description, tags } = call.body
        refuseOutside(call, 'workspace.write', name)
        await db.withTransaction(call, async tx => {
          const row = await workspaceForUpdate(tx, name)
          if (row === undefined) throw missing(name)
          checkIfMatch(call, String(row.revision))
          await updateWorkspace(tx, row, {
            ...(display_name === undefined ? {} : { display_name }),
            ...(description === undefined ? {} : { description }),
            ...(tags === undefined ? {} : { tags: JSON.stringify(tags) }),
          })
          tx.append({ type: 'dev.hagane.workspace.updated', subject: `workspace/${name}`, data: { ...call.body } })
        })
        return toResource(await get(name))
      }),
    ],
  }
}

const missing = (name: string): HaganeError =>
  new HaganeError('not_found', `no workspace '${name}'`, { hint: '`hagane workspace list` shows what there is' })
