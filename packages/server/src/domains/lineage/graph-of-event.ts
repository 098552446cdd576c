import { type LineageNode, parseReference } from '@hagane/contract'

export interface Fact {
  id: string
  kind: LineageNode['kind']
  name: string
  facts?: Record<string, unknown>
}
/** `from` depends on `to`: read it as "<from> <relation> <to>". */
export interface Dependency {
  from: Fact
  relation: string
  to: Fact
}
export interface Graph {
  nodes: Fact[]
  edges: Dependency[]
}

type Data = Record<string, unknown>
interface ChainEvent {
  type: string
  subject: string
  actor: string
  data: Data
}

const text = (value: unknown): string => String(value)
const record = (value: unknown): Data => (typeof value === 'object' && value !== null ? (value as Data) : {})

export const jobNode = (name: string, facts?: Data): Fact => ({
  id: `job:${name}`,
  kind: 'job',
  name,
  ...(facts === undefined ? {} : { facts }),
})
const componentNode = (name: string): Fact => ({ id: `component:${name}`, kind: 'component', name })
const person = (actor: string): Fact => ({ id: `person:${actor}`, kind: 'person', name: actor })
const dataNode = (name: string, facts?: Data): Fact => ({
  id: `data:${name}`,
  kind: 'data',
  name,
  ...(facts === undefined ? {} : { facts }),
})
const modelNode = (name: string, facts?: Data): Fact => ({
  id: `model:${name}`,
  kind: 'model',
  name,
  ...(facts === undefined ? {} : { facts }),
})
const codeNode = (tree: string, path: string): Fact => ({
  id: `code:${tree}`,
  kind: 'code',
  name: tree.slice(0, 12),
  facts: { tree, ...(path === '' ? {} : { path }) },
})
const lockNode = (lock: string, facts: Data = {}): Fact => ({
  id: `environment:${lock}`,
  kind: 'environment',
  name: lock.slice(0, 12),
  facts: { lock, ...facts },
})

/** A version in a registry: its kind, and `registries/<registry>/<name>:<version>`. */
function registryAsset(id: string): { kind: string; name: string } | undefined {
  const found = parseReference(id)
  if (found.form !== 'registry' || found.version === undefined) return undefined
  return { kind: found.kind, name: `registries/${found.registry}/${found.name}:${found.version}` }
}

const unprefixed = (id: string): string => registryAsset(id)?.name ?? id.replace(/^azureml:/, '')

const scheduleNode = (name: string, facts?: Data): Fact => ({
  id: `schedule:${name}`,
  kind: 'schedule',
  name,
  ...(facts === undefined ? {} : { facts }),
})

/** Actors `job:<name>` and `schedule:<name>` are what they say, all others are people or programs that log in. */
function handOf(actor: string): Fact {
  if (actor.startsWith('job:')) return jobNode(actor.slice(4))
  return actor.startsWith('schedule:') ? scheduleNode(actor.slice(9)) : person(actor)
}

/** What one event of the chain says about where things come from. Pure, so that the graph can be rebuilt from the chain alone. */
export function graphOfEvent(event: ChainEvent): Graph {
  const reader = readers[event.type]
  return reader === undefined ? { nodes: [], edges: [] } : reader(event)
}

const readers: Record<string, (event: ChainEvent) => Graph> = {
  'dev.hagane.job.submitted': jobSubmitted,
  'dev.hagane.job.starting': jobStarting,
  'dev.hagane.job.completed': jobCompleted,
  'dev.hagane.run.created': runCreated,
  'dev.hagane.environment.locked': ({ data }) => ({
    nodes: [lockNode(text(data.lock_digest), pick(data, ['python', 'packages', 'platform', 'deviations']))],
    edges: [],
  }),
  'dev.hagane.data.created': dataCreated,
  'dev.hagane.model.version-created': modelCreated,
  'dev.hagane.model.version-shared': ({ data }) => sharedFrom(modelNode(`${data.name}:${data.version}`), data),
  'dev.hagane.component.created': ({ data }) => sharedFrom(componentNode(`${data.name}:${data.version}`), data),
  'dev.hagane.endpoint.deployment-revised': deploymentRevised,
  'dev.hagane.batch.deployment-revised': deploymentRevised,
  'dev.hagane.batch.invoked': batchInvoked,
  'dev.hagane.schedule.created': scheduleChanged,
  'dev.hagane.schedule.updated': scheduleChanged,
  'dev.hagane.schedule.triggered': scheduleTriggered,
}

function scheduleChanged({ type, data, actor }: ChainEvent): Graph {
  const node = scheduleNode(text(data.name), pick(data, ['trigger', 'catch_up']))
  const relation = type.endsWith('created') ? 'was created by' : 'was changed by'
  return { nodes: [node], edges: [{ from: node, relation, to: handOf(actor) }] }
}

/** At its times the schedule submits the job itself; here a person asked for it. */
function scheduleTriggered({ data }: ChainEvent): Graph {
  if (data.manual !== true) return { nodes: [], edges: [] }
  const job = jobNode(text(data.job))
  return { nodes: [job], edges: [{ from: job, relation: 'was created by', to: scheduleNode(text(data.name)) }] }
}

function jobSubmitted({ data, actor }: ChainEvent): Graph {
  const job = jobNode(text(data.name), pick(data, ['type', 'experiment', 'step', 'command', 'parameters']))
  const edges: Dependency[] = []
  if (data.parent !== undefined) edges.push({ from: job, relation: 'is a step of', to: jobNode(text(data.parent)) })
  else edges.push({ from: job, relation: 'was submitted by', to: handOf(actor) })
  if (typeof data.reproduces === 'string')
    edges.push({ from: job, relation: 'reproduces', to: jobNode(data.reproduces) })
  const code = record(data.code)
  if (typeof code.tree === 'string')
    edges.push({ from: job, relation: 'ran code', to: codeNode(code.tree, text(code.path ?? '')) })
  const git = record(data.git)
  if (typeof git.commit === 'string')
    edges.push({
      from: job,
      relation: 'was submitted at commit',
      to: { id: `commit:${git.commit}`, kind: 'commit', name: git.commit, facts: git },
    })
  const component = record(data.component)
  if (typeof component.name === 'string')
    edges.push({
      from: job,
      relation: 'is an instance of',
      to: componentNode(`${component.name}:${component.version}`),
    })
  for (const [name, input] of Object.entries(record(data.inputs))) edges.push(...inputEdge(job, name, record(input)))
  return { nodes: [job], edges }
}

/** A run that a client began by itself. The run of a job is known by the job's own events. */
function runCreated({ data, actor }: ChainEvent): Graph {
  const id = text(data.run_id)
  if (!/^[0-9a-f]{32}$/.test(id)) return { nodes: [], edges: [] }
  const run = jobNode(id, { type: 'run', ...pick(data, ['experiment_id', 'name']) })
  return { nodes: [run], edges: [{ from: run, relation: 'was started by', to: handOf(actor) }] }
}

function inputEdge(job: Fact, name: string, input: Data): Dependency[] {
  if (input.kind === 'node-output' || input.kind === 'parent-input' || input.kind !== 'content') return []
  return [
    {
      from: job,
      relation: `read as ${name}`,
      to: contentNode(text(input.asset ?? input.uri), text(input.tree), input.type),
    },
  ]
}

/** An asset by name, or anonymous content by digest. */
function contentNode(source: string, tree: string, type?: unknown): Fact {
  const shared = registryAsset(source)
  if (shared !== undefined) return shared.kind === 'models' ? modelNode(shared.name) : dataNode(shared.name, { tree })
  if (!source.startsWith('azureml:') || source.startsWith('azureml://'))
    return dataNode(tree, { tree, source: source.startsWith('hagane://') ? 'upload' : source })
  return typeof type === 'string' && type.endsWith('_model')
    ? modelNode(unprefixed(source))
    : dataNode(unprefixed(source), { tree })
}

/** Facts known only when the step began: the lock and the content that earlier steps made. */
function jobStarting({ data }: ChainEvent): Graph {
  const job = jobNode(text(data.name))
  const edges: Dependency[] = []
  if (typeof data.environment_lock === 'string')
    edges.push({ from: job, relation: 'ran in environment', to: lockNode(data.environment_lock) })
  for (const [name, input] of Object.entries(record(data.inputs))) {
    const { from, tree } = record(input)
    const maker = /^job:([^/]+)\//.exec(text(from))?.[1]
    if (maker !== undefined) edges.push({ from: job, relation: `read as ${name}`, to: jobNode(maker) })
    else if (text(from).startsWith('azureml://datastores'))
      edges.push({ from: job, relation: `read as ${name}`, to: dataNode(text(tree), { tree, source: from }) })
  }
  return { nodes: [job], edges }
}

function jobCompleted({ data }: ChainEvent): Graph {
  const job = jobNode(text(data.name))
  const edges: Dependency[] = []
  if (typeof data.reused_from === 'string')
    edges.push({ from: job, relation: 'took the results of', to: jobNode(data.reused_from) })
  return { nodes: [job], edges }
}

function dataCreated({ data, actor }: ChainEvent): Graph {
  const node = dataNode(`${data.name}:${data.version}`, pick(data, ['type', 'tree', 'path', 'source']))
  if (data.shared_from !== undefined) return sharedFrom(node, data)
  const edges: Dependency[] = [
    {
      from: node,
      relation: typeof data.job === 'string' ? 'was made by' : 'was added by',
      to: typeof data.job === 'string' ? jobNode(data.job) : handOf(actor),
    },
  ]
  if (typeof data.from === 'string')
    edges.push({ from: node, relation: 'was made from', to: dataNode(unprefixed(data.from)) })
  return { nodes: [node], edges }
}

/** A version of a registry, and the one of a workspace that it is. */
function sharedFrom(node: Fact, data: Data): Graph {
  const { workspace, name, version } = record(data.shared_from)
  if (typeof workspace !== 'string') return { nodes: [], edges: [] }
  const origin = `workspaces/${workspace}/${name}:${version}`
  const to: Fact = { id: `${node.kind}:${origin}`, kind: node.kind, name: origin }
  return { nodes: [node], edges: [{ from: node, relation: 'was shared from', to }] }
}

function modelCreated({ data, actor }: ChainEvent): Graph {
  const node = modelNode(`${data.name}:${data.version}`, pick(data, ['source', 'tree', 'type']))
  const maker = data.run_id ?? data.job_name
  const edges: Dependency[] = [{ from: node, relation: 'was registered by', to: handOf(actor) }]
  if (typeof maker === 'string' && maker !== '') edges.push({ from: node, relation: 'was made by', to: jobNode(maker) })
  return { nodes: [node], edges }
}

function batchInvoked({ data }: ChainEvent): Graph {
  const job = jobNode(text(data.job))
  const name = `${data.endpoint}/${data.deployment}`
  const to: Fact = {
    id: `deployment:${name}@${data.revision_id}`,
    kind: 'deployment',
    name: `${name} (revision ${data.revision_id})`,
  }
  return { nodes: [job], edges: [{ from: job, relation: 'was started by', to }] }
}

function deploymentRevised({ data, actor }: ChainEvent): Graph {
  const name = `${data.endpoint}/${data.deployment}`
  const node: Fact = {
    id: `deployment:${name}@${data.revision_id}`,
    kind: 'deployment',
    name: `${name} (revision ${data.revision_id})`,
    facts: pick(data, ['revision_id', 'runtime']),
  }
  const endpoint: Fact = { id: `endpoint:${data.endpoint}`, kind: 'endpoint', name: text(data.endpoint) }
  const edges: Dependency[] = [
    { from: node, relation: 'was deployed by', to: handOf(actor) },
    { from: node, relation: 'belongs to', to: endpoint },
  ]
  if (typeof data.model === 'string')
    edges.push({
      from: node,
      relation: 'serves',
      to: modelNode(unprefixed(data.model), data.model_tree === undefined ? {} : { tree: data.model_tree }),
    })
  if (typeof data.environment_lock === 'string')
    edges.push({ from: node, relation: 'runs in environment', to: lockNode(data.environment_lock) })
  if (typeof data.code_tree === 'string')
    edges.push({ from: node, relation: 'runs code', to: codeNode(data.code_tree, '') })
  if (typeof data.component === 'string')
    edges.push({ from: node, relation: 'runs component', to: componentNode(unprefixed(data.component)) })
  return { nodes: [node, endpoint], edges }
}

const pick = (data: Data, keys: readonly string[]): Data =>
  Object.fromEntries(keys.filter(key => data[key] !== undefined && data[key] !== null).map(key => [key, data[key]]))
