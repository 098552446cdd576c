import { availableParallelism, totalmem } from 'node:os'
import { type ComputeResource, type ComputeSpec, computeRoutes, HaganeError } from '@hagane/contract'
import type { BlobStore } from '../../kernel/blobs/index.ts'
import type { Database } from '../../kernel/db/index.ts'
import { type BoundRoute, implement } from '../../kernel/http/index.ts'
import { buildLocalDriver, type LocalDriver } from './local-driver.ts'
import { findCompute, listCompute } from './reads.ts'
import { type ComputeRow, deleteCompute, putCompute } from './store.ts'

export interface Compute {
  routes: BoundRoute[]
  driver: LocalDriver
  /** Throws invalid on a name that no compute can have. Any other name means this machine: in Azure's YAML it is a label. */
  require(workspace: string, name: string): Promise<void>
}

const BUILT_IN = ['local', 'serverless']
const limits = ['min_instances', 'max_instances', 'idle_time_before_scale_down'] as const

/** Compute targets. So far all run on this machine: names, sizes and limits of Azure's YAML are kept and shown. */
export function buildCompute({ db, blobs }: { db: Database; blobs: BlobStore }): Compute {
  const get = async (workspace: string, name: string): Promise<ComputeResource> => {
    if (BUILT_IN.includes(name)) return builtIn(name)
    const row = await findCompute(db, workspace, name)
    if (row === undefined)
      throw new HaganeError('not_found', `no compute '${name}' in workspace ${workspace}`, {
        hint: 'jobs may name any compute: names that are not defined run on this machine',
      })
    return toResource(row)
  }
  return {
    driver: buildLocalDriver(blobs),
    async require(_workspace, name) {
      if (!/^[A-Za-z0-9_<][A-Za-z0-9_.<>-]*$/.test(name))
        throw new HaganeError('invalid', `compute: '${name}' is not a compute name`, {
          details: [
            {
              property: 'compute',
              message: 'not a name',
              sent: name,
              allowed: 'azureml:<name>, <name>, local or azureml:serverless',
            },
          ],
        })
    },
    routes: [
      implement(computeRoutes.create, async call => {
        const { name, type } = call.body
        if (BUILT_IN.includes(name))
          throw new HaganeError('conflict', `compute '${name}' is built in and cannot be changed`)
        await db.withTransaction(call, async tx => {
          await putCompute(tx, { name, type, spec: JSON.stringify(call.body) })
          tx.append({ type: 'dev.hagane.compute.changed', subject: `compute/${name}`, data: { ...call.body } })
        })
        return get(call.workspace, name)
      }),
      implement(computeRoutes.list, async call => ({
        items: [...BUILT_IN.map(builtIn), ...(await listCompute(db, call.workspace)).map(toResource)],
      })),
      implement(computeRoutes.show, call => get(call.workspace, call.params.name)),
      implement(computeRoutes.delete, async call => {
        const { name } = call.params
        await get(call.workspace, name)
        await db.withTransaction(call, async tx => {
          if (!(await deleteCompute(tx, name)))
            throw new HaganeError('conflict', `compute '${name}' is built in and cannot be deleted`)
          tx.append({ type: 'dev.hagane.compute.deleted', subject: `compute/${name}`, data: { name } })
        })
        return { ok: true as const }
      }),
    ],
  }
}

const machine = () => ({
  provisioning_state: 'Succeeded' as const,
  driver: 'local' as const,
  cores: availableParallelism(),
  memory_gib: Math.round((totalmem() / 2 ** 30) * 10) / 10,
})
const builtIn = (name: string): ComputeResource => ({
  id: `azureml:${name}`,
  name,
  type: 'local',
  description: 'this machine',
  tags: {},
  ...machine(),
})

function toResource(row: ComputeRow): ComputeResource {
  const { size, description, tags, ...spec } = JSON.parse(row.spec) as ComputeSpec
  return {
    id: `azureml:${row.name}`,
    name: row.name,
    type: row.type,
    ...(size === undefined ? {} : { size }),
    ...(description === undefined ? {} : { description }),
    tags: tags ?? {},
    ...limitsOf(spec),
    ...machine(),
    creation_context: {
      created_at: row.created_at,
      created_by: row.created_by,
      last_modified_at: row.modified_at,
      last_modified_by: row.modified_by,
    },
  }
}

/** What Azure's YAML says about scaling, shown as it was said. */
const limitsOf = (spec: Pick<ComputeSpec, (typeof limits)[number]>): Partial<ComputeResource> =>
  Object.fromEntries(limits.flatMap(name => (spec[name] === undefined ? [] : [[name, spec[name]]])))
