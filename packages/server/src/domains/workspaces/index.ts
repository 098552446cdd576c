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
import { fieldsOf, valuesOf } from './resource.ts'
import { insertWorkspace, updateWorkspace, type WorkspaceRow, workspaceForUpdate } from './store.ts'

export const DEFAULT_WORKSPACE = 'default'

export interface Workspaces {
  routes: BoundRoute[]
  /** Throws not_found. Known workspaces are remembered, since they are never removed; registries are, by any server on the database. */
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
  /** What other domains set up in a new workspace, once it is committed. */
  onCreate: (name: string) => Promise<void>
  /** Whether a registry holds nothing that anybody could refer to. */
  isEmpty: (name: string) => Promise<boolean>
}

export function buildWorkspaces({ db, url, onCreate, isEmpty }: Deps): Workspaces {
  const known = new Set<string>()
  const toResource = (row: WorkspaceRow): WorkspaceResource => ({
    id: `/workspaces/${row.name}`,
    ...fieldsOf(row),
    mlflow_tracking_uri: row.name === DEFAULT_WORKSPACE ? url() : `${url()}/ws/${row.name}`,
  })
  const get = async (name: string) => {
    const row = await findWorkspace(db, name)
    if (row?.kind !== 'workspace') throw missing(name)
    return row
  }
  const registries = buildRegistries({ db, url, isEmpty })
  const kindOf = async (name: string): Promise<WorkspaceRow['kind'] | undefined> => {
    if (known.has(name)) return 'workspace'
    const kind = (await findWorkspace(db, name))?.kind
    if (kind === 'workspace') known.add(name)
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
        return toResource(await create(call, valuesOf('workspace', call.body)))
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
          if (row?.kind !== 'workspace') throw missing(name)
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
