import { type ComputeResource, type ComputeSpec, HaganeError } from '@hagane/contract'
import type { Database, Who } from '../../kernel/db/index.ts'
import { findCompute, listCompute } from './reads.ts'
import { BUILT_IN, builtIn, toResource } from './resource.ts'
import { deleteCompute, putCompute } from './store.ts'

export interface ComputeService {
  /** Throws not_found. */
  get(workspace: string, name: string): Promise<ComputeResource>
  list(workspace: string): Promise<ComputeResource[]>
  /** Creates or replaces; throws conflict on a built-in name. */
  put(who: Who, spec: ComputeSpec): Promise<ComputeResource>
  /** Throws not_found, or conflict on a built-in name. */
  delete(who: Who, name: string): Promise<void>
}

/** Named computes: what Azure's YAML says about them is kept and shown, and their limits hold. */
export function buildService(db: Database, onChange: () => void): ComputeService {
  const get = async (workspace: string, name: string): Promise<ComputeResource> => {
    if (BUILT_IN.includes(name)) return builtIn(name)
    const row = await findCompute(db, workspace, name)
    if (row === undefined) throw notFound(workspace, name)
    return toResource(row)
  }
  return {
    get,
    list: async workspace => [...BUILT_IN.map(builtIn), ...(await listCompute(db, workspace)).map(toResource)],
    async put(who, spec) {
      refuseBuiltIn(spec.name, 'changed')
      await db.withTransaction(who, async tx => {
        await putCompute(tx, { name: spec.name, type: spec.type, spec: JSON.stringify(spec) })
        tx.afterCommit(onChange)
        tx.append({ type: 'dev.hagane.compute.changed', subject: `compute/${spec.name}`, data: { ...spec } })
      })
      return get(who.workspace, spec.name)
    },
    async delete(who, name) {
      refuseBuiltIn(name, 'deleted')
      await db.withTransaction(who, async tx => {
        if (!(await deleteCompute(tx, name))) throw notFound(who.workspace, name)
        tx.afterCommit(onChange)
        tx.append({ type: 'dev.hagane.compute.deleted', subject: `compute/${name}`, data: { name } })
      })
    },
  }
}

const notFound = (workspace: string, name: string): HaganeError =>
  new HaganeError('not_found', `no compute '${name}' in workspace ${workspace}`, {
    hint: 'jobs may name any compute: names that are not defined run on this machine',
  })

function refuseBuiltIn(name: string, what: string): void {
  if (BUILT_IN.includes(name))
    throw new HaganeError('conflict', `compute '${name}' is built in and cannot be ${what}`, {
      hint: 'take another name; jobs may name any compute',
    })
}
