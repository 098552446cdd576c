import { HaganeError, type RegistryResource, registryRoutes } from '@hagane/contract'
import type { Database } from '../../kernel/db/index.ts'
import { type BoundRoute, EVERY_WORKSPACE, implement, pageFrom, textCursor } from '../../kernel/http/index.ts'
import { findWorkspace, listWorkspaces } from './reads.ts'
import { refuseOutside } from './refuse-outside.ts'
import { fieldsOf, valuesOf } from './resource.ts'
import { deleteWorkspace, insertWorkspace, type WorkspaceRow, workspaceForUpdate } from './store.ts'

interface Deps {
  db: Database
  url: () => string
  /** Whether a registry holds nothing that anybody could refer to. */
  isEmpty: (name: string) => Promise<boolean>
}

/** Registries: workspaces that hold assets alone, for all the others. */
export function buildRegistries({ db, url, isEmpty }: Deps): BoundRoute[] {
  const get = async (name: string): Promise<WorkspaceRow> => {
    const row = await findWorkspace(db, name)
    if (row?.kind !== 'registry') throw noRegistry(name)
    return row
  }
  return [
    implement(registryRoutes.create, async call => {
      refuseOutside(call, 'workspace.write', EVERY_WORKSPACE)
      const { name } = call.body
      const row = await db.withTransaction({ ...call, workspace: name }, async tx => {
        const taken = await workspaceForUpdate(tx, name)
        if (taken !== undefined) throw new HaganeError('conflict', `${taken.kind} ${name} already exists`, nameHint)
        tx.append({ type: 'dev.hagane.registry.created', subject: `registry/${name}`, data: { name } })
        return insertWorkspace(tx, valuesOf('registry', call.body))
      })
      return toResource(row, url())
    }),
    implement(registryRoutes.list, async call => {
      const { limit, cursor } = call.query
      const rows = await listWorkspaces(db, 'registry', limit + 1, textCursor(cursor))
      return pageFrom(
        rows,
        limit,
        row => toResource(row, url()),
        row => [row.name],
      )
    }),
    implement(registryRoutes.show, async call => toResource(await get(call.params.name), url())),
    implement(registryRoutes.delete, async call => {
      const { name } = call.params
      refuseOutside(call, 'workspace.write', EVERY_WORKSPACE)
      await db.withTransaction({ ...call, workspace: name }, async tx => {
        if ((await workspaceForUpdate(tx, name))?.kind !== 'registry') throw noRegistry(name)
        if (!(await isEmpty(name))) throw notEmpty(name)
        if (!(await deleteWorkspace(tx, name))) throw noRegistry(name)
        tx.append({ type: 'dev.hagane.registry.deleted', subject: `registry/${name}`, data: { name } })
      })
      return { ok: true as const }
    }),
  ]
}

const nameHint = { hint: 'registries and workspaces share one set of names; choose another' }

/** The refusal of a name that is not a registry's. */
export const noRegistry = (name: string): HaganeError =>
  new HaganeError('not_found', `no registry '${name}' on this server`, {
    hint: `\`hagane registry list\` shows what there is; \`hagane registry create --name ${name}\` makes it`,
  })

const notEmpty = (name: string): HaganeError =>
  new HaganeError('conflict', `registry ${name} holds assets, and jobs may refer to them`, {
    hint: 'archive the assets to take them out of lists; they and the registry are kept',
  })

const toResource = (row: WorkspaceRow, url: string): RegistryResource => ({
  id: `azureml://registries/${row.name}`,
  ...fieldsOf(row),
  mlflow_registry_uri: `${url}/ws/${row.name}`,
})
