import { availableParallelism, totalmem } from 'node:os'
import type { ComputeResource, ComputeSpec } from '@hagane/contract'
import { creationContextOf } from '../../kernel/stamps.ts'
import type { QueueLimit } from '../../kernel/tasks/index.ts'
import type { ComputeRow } from './store.ts'

export const BUILT_IN: readonly string[] = ['local', 'serverless']
const limits = ['min_instances', 'max_instances', 'idle_time_before_scale_down', 'max_concurrent_jobs'] as const

const machine = () => ({
  provisioning_state: 'Succeeded' as const,
  driver: 'local' as const,
  cores: availableParallelism(),
  memory_gib: Math.round((totalmem() / 2 ** 30) * 10) / 10,
})

/** The computes that are always there: this machine. */
export const builtIn = (name: string): ComputeResource => ({
  id: `azureml:${name}`,
  name,
  type: 'local',
  description: 'this machine',
  tags: {},
  ...machine(),
})

/** A stored compute as the API shows it. */
export function toResource(row: ComputeRow): ComputeResource {
  const { size, description, tags, ...spec } = JSON.parse(row.spec) as ComputeSpec
  return {
    id: `azureml:${row.name}`,
    name: row.name,
    type: row.type,
    ...(size === undefined ? {} : { size }),
    ...(description === undefined ? {} : { description }),
    tags: tags ?? {},
    ...limitsOf(spec),
    ...machineWithin(spec),
    creation_context: creationContextOf(row),
  }
}

const machineWithin = ({ cores, memory_gib }: Pick<ComputeSpec, 'cores' | 'memory_gib'>) => {
  const here = machine()
  const limits = { ...(cores === undefined ? {} : { cores }), ...(memory_gib === undefined ? {} : { memory_gib }) }
  return { ...here, ...limits, ...(Object.keys(limits).length === 0 ? {} : { limits }) }
}

/** What a stored compute allows at the same time; undefined when it says nothing. */
export function limitOf(row: ComputeRow): QueueLimit | undefined {
  const { max_concurrent_jobs: running, cores, memory_gib } = JSON.parse(row.spec) as ComputeSpec
  if (running === undefined && cores === undefined && memory_gib === undefined) return undefined
  return {
    ...(running === undefined ? {} : { running }),
    ...(cores === undefined ? {} : { cores }),
    ...(memory_gib === undefined ? {} : { memoryMb: memory_gib * 1024 }),
  }
}

/** What Azure's YAML says about scaling, shown as it was said. */
const limitsOf = (spec: Pick<ComputeSpec, (typeof limits)[number]>): Partial<ComputeResource> =>
  Object.fromEntries(limits.flatMap(name => (spec[name] === undefined ? [] : [[name, spec[name]]])))
