import { type ComputeResource, type ComputeSpec, computeRoutes, HaganeError } from '@hagane/contract'
import { count, list, requiredText, text, toggle } from '../grammar/flags.ts'
import { UsageError } from '../grammar/usage-error.ts'
import { type Noun, verb } from '../invocation.ts'
import { changedFields } from '../manifest/changes.ts'
import { loadResource } from '../manifest/load-resource.ts'
import { withTags } from '../manifest/tags.ts'
import type { Column } from '../output/table.ts'
import { confirm } from '../terminal/confirm.ts'
import { changeFlags, needOneOf } from './asset-flags.ts'

const columns: readonly Column<ComputeResource>[] = [
  ['Name', compute => compute.name],
  ['Type', compute => compute.type],
  ['Size', compute => compute.size],
  ['Driver', compute => compute.driver],
  ['Cores', compute => compute.cores],
  ['MemoryGiB', compute => compute.memory_gib],
  ['MaxJobs', compute => compute.max_concurrent_jobs],
  ['State', compute => compute.provisioning_state],
]

const computeName = requiredText('-n, --name <name>', 'name of the compute')
const accepted = {
  noWait: toggle('--no-wait', 'accepted', { ignored: true }),
  identityType: text('--identity-type <type>', 'accepted', { ignored: true }),
  userAssignedIdentities: text('-i, --user-assigned-identities <ids>', 'accepted', { ignored: true }),
}

const sizeFlags = {
  minInstances: count('--min-instances <n>', 'fewest nodes'),
  maxInstances: count('--max-instances <n>', 'most nodes'),
  idleTimeBeforeScaleDown: count('-d, --idle-time-before-scale-down <seconds>', 'idle seconds before a node goes'),
}
const limitFlags = {
  maxConcurrentJobs: count('--max-concurrent-jobs <n>', 'most steps at the same time'),
  cores: text('--cores <n>', 'cores that its steps may take together'),
  memoryGib: text('--memory-gib <n>', 'memory in GiB that its steps may take together'),
}
interface Sizes {
  minInstances?: number
  maxInstances?: number
  idleTimeBeforeScaleDown?: number
  maxConcurrentJobs?: number
  cores?: string
  memoryGib?: string
}

const sizesOf = (options: Sizes) => ({
  min_instances: options.minInstances,
  max_instances: options.maxInstances,
  idle_time_before_scale_down: options.idleTimeBeforeScaleDown,
  max_concurrent_jobs: options.maxConcurrentJobs,
  cores: numberOf('--cores', options.cores),
  memory_gib: numberOf('--memory-gib', options.memoryGib),
})

function numberOf(flag: string, sent: string | undefined): number | undefined {
  if (sent === undefined) return undefined
  const value = Number(sent)
  if (sent.trim() !== '' && value > 0 && Number.isFinite(value)) return value
  throw new UsageError(`${flag} takes a number above 0, not '${sent}'`, `write ${flag} 2 or ${flag} 0.5`)
}

const create = verb({
  name: 'create',
  summary: 'Give a compute a name, so that jobs written for it run',
  examples: [
    'hagane compute create -n cpu-cluster --type AmlCompute --max-instances 4',
    'hagane compute create -f compute.yml',
  ],
  flags: {
    file: text('-f, --file <path>', 'YAML specification'),
    name: text('-n, --name <name>', 'name of the compute'),
    type: text('-t, --type <type>', 'kind of compute, e.g. AmlCompute or ComputeInstance'),
    size: text('--size <size>', 'machine size; kept as a label'),
    ...sizeFlags,
    ...limitFlags,
    description: text('--description <text>', 'description'),
    tags: list('--tags <pairs...>', 'key=value tags'),
    set: list('--set <assignments...>', 'change the specification: property.path=value'),
    tier: text('--tier <tier>', 'accepted', { ignored: true }),
    location: text('-l, --location <region>', 'accepted', { ignored: true }),
    ...accepted,
  },
  run: async (call, options) => {
    needOneOf('compute create', options, ['file', 'name'])
    const { file, set, name, size, description } = options
    const overrides = { name, size, description, type: options.type?.toLowerCase(), ...sizesOf(options) }
    const body = withTags(await loadResource(call, 'compute', { file, set, overrides }), options.tags)
    await call.print(await call.client.call(computeRoutes.create, { body }), columns)
  },
})

const listVerb = verb({
  name: 'list',
  summary: 'List computes',
  examples: ['hagane compute list -o table'],
  flags: {
    maxResults: count('-r, --max-results <n>', 'how many at most'),
    type: text('-t, --type <type>', 'only this kind, e.g. AmlCompute'),
  },
  run: async (call, options) => {
    const { items } = await call.client.call(computeRoutes.list)
    const type = options.type?.toLowerCase()
    const wanted = items.filter(compute => type === undefined || compute.type.toLowerCase() === type)
    await call.print(wanted.slice(0, options.maxResults), columns)
  },
})

const show = verb({
  name: 'show',
  summary: 'Show a compute and where its steps really run',
  examples: ['hagane compute show -n cpu-cluster'],
  flags: { name: computeName },
  run: async (call, options) => {
    await call.print(await call.client.call(computeRoutes.show, { params: { name: options.name } }), columns)
  },
})

const changeable = [
  ...(['type', 'size', 'min_instances', 'max_instances'] as const),
  ...(['idle_time_before_scale_down', 'max_concurrent_jobs', 'description', 'tags'] as const),
  ...(['cores', 'memory_gib'] as const),
]

const update = verb({
  name: 'update',
  summary: 'Change what is said about a compute',
  examples: ['hagane compute update -n cpu-cluster --max-instances 8'],
  flags: { name: computeName, ...sizeFlags, ...limitFlags, ...changeFlags, ...accepted },
  run: async (call, options) => {
    const { name } = options
    const shown = await call.client.call(computeRoutes.show, { params: { name } })
    // without a limit of its own a compute shows the machine's cores and memory
    const current: Record<string, unknown> = { ...shown, cores: undefined, memory_gib: undefined, ...shown.limits }
    const sizes = Object.entries(sizesOf(options)).filter(([, value]) => value !== undefined)
    const set = [...options.set, ...sizes.map(([key, value]) => `${key}=${value}`)]
    const kept = changeable.filter(key => current[key] !== undefined).map(key => [key, current[key]])
    const changes = changedFields(current, { ...options, set }, changeable)
    const body: ComputeSpec = { ...Object.fromEntries(kept), ...changes, name }
    await call.print(await call.client.call(computeRoutes.create, { body }), columns)
  },
})

const remove = verb({
  name: 'delete',
  summary: 'Forget a compute; the jobs that ran there are kept',
  examples: ['hagane compute delete -n cpu-cluster --yes'],
  flags: { name: computeName, yes: toggle('-y, --yes', 'do not ask'), noWait: accepted.noWait },
  run: async (call, options) => {
    await confirm(`Delete the compute ${options.name}?`, options.yes, call.surroundings)
    await call.client.call(computeRoutes.delete, { params: { name: options.name } })
  },
})

const listNodes = verb({
  name: 'list-nodes',
  summary: 'Refused: a compute is a name here and has no nodes of its own',
  examples: ['hagane compute show -n cpu-cluster'],
  flags: { name: computeName },
  run: async (_call, options) => {
    throw new HaganeError('unsupported', `${options.name} has no nodes to list`, {
      hint: `hagane compute show -n ${options.name} tells where its steps run`,
    })
  },
})

export const noun: Noun = {
  name: 'compute',
  summary: 'Manage computes',
  verbs: [create, listVerb, show, update, remove, listNodes],
}
