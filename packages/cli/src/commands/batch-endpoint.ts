import { type BatchEndpoint, type BatchEndpointSpec, batchRoutes } from '@hagane/contract'
import { count, list, requiredText, text, toggle } from '../grammar/flags.ts'
import { UsageError } from '../grammar/usage-error.ts'
import { type Noun, verb } from '../invocation.ts'
import { changedFields } from '../manifest/changes.ts'
import { loadResource } from '../manifest/load-resource.ts'
import { withTags } from '../manifest/tags.ts'
import type { Column } from '../output/table.ts'
import { confirm } from '../terminal/confirm.ts'
import { changeFlags, needOneOf, notWithFile } from './asset-flags.ts'
import { invoke } from './batch-invoke.ts'
import { jobColumns } from './job-flags.ts'
import { collect } from './pages.ts'

const endpointName = requiredText('-n, --name <name>', 'name of the endpoint')
const noWait = toggle('--no-wait', 'accepted', { ignored: true })

const columns: readonly Column<BatchEndpoint>[] = [
  ['Name', endpoint => endpoint.name],
  ['State', endpoint => endpoint.provisioning_state],
  ['Default', endpoint => endpoint.defaults.deployment_name],
  ['ScoringUri', endpoint => endpoint.scoring_uri],
]

const create = verb({
  name: 'create',
  summary: 'Create a batch endpoint; deployments are added to it afterwards',
  examples: ['hagane batch-endpoint create -f endpoint.yml', 'hagane batch-endpoint create -n scoring'],
  flags: {
    file: text('-f, --file <path>', 'YAML specification'),
    name: text('-n, --name <name>', 'name of the endpoint'),
    tags: list('--tags <pairs...>', 'key=value tags'),
    set: list('--set <assignments...>', 'change the specification: property.path=value'),
    noWait,
  },
  run: async (call, options) => {
    const { file, set, name } = options
    needOneOf('batch-endpoint create', options, ['file', 'name'])
    const spec = withTags(await loadResource(call, 'batch-endpoint', { file, set, overrides: { name } }), options.tags)
    const named = spec.name
    if (named === undefined) throw new UsageError('the endpoint needs a name', 'give --name, or name: in the file')
    await call.print(await call.client.call(batchRoutes.create, { body: { ...spec, name: named } }), columns)
  },
})

const changeable = ['description', 'tags', 'properties', 'defaults'] as const

const update = verb({
  name: 'update',
  summary: 'Choose the default deployment, or change description and tags',
  examples: ['hagane batch-endpoint update -n scoring --set defaults.deployment_name=green'],
  flags: {
    name: text('-n, --name <name>', 'name of the endpoint (default: that in the file)'),
    file: text('-f, --file <path>', 'YAML specification with the new values'),
    ...changeFlags,
    noWait,
  },
  run: async (call, options) => {
    notWithFile(options)
    const { file, set } = options
    const spec = file === undefined ? undefined : await loadResource(call, 'batch-endpoint', { file, set })
    const name = options.name ?? spec?.name
    if (name === undefined) throw new UsageError('batch-endpoint update needs --name')
    const params = { name }
    const current = spec === undefined ? await call.client.call(batchRoutes.show, { params }) : undefined
    const body = spec === undefined ? changedFields({ ...current }, options, changeable) : changeableOf(spec)
    await call.print(await call.client.call(batchRoutes.update, { params, body }), columns)
  },
})

/** What an update may carry, of a whole specification. */
const changeableOf = (spec: BatchEndpointSpec): Record<string, never> =>
  Object.fromEntries(changeable.flatMap(key => (spec[key] === undefined ? [] : [[key, spec[key]]]))) as Record<
    string,
    never
  >

const show = verb({
  name: 'show',
  summary: 'Show a batch endpoint',
  examples: ['hagane batch-endpoint show -n scoring --query defaults.deployment_name -o tsv'],
  flags: { name: endpointName },
  run: async (call, options) => {
    await call.print(await call.client.call(batchRoutes.show, { params: { name: options.name } }), columns)
  },
})

const listVerb = verb({
  name: 'list',
  summary: 'List batch endpoints',
  examples: ['hagane batch-endpoint list -o table'],
  flags: { maxResults: count('--max-results <n>', 'how many at most') },
  run: async (call, options) => {
    const most = options.maxResults ?? Number.MAX_SAFE_INTEGER
    await call.print(await collect(most, query => call.client.call(batchRoutes.list, { query })), columns)
  },
})

const remove = verb({
  name: 'delete',
  summary: 'Delete a batch endpoint and its deployments; the jobs that it started stay',
  examples: ['hagane batch-endpoint delete -n scoring --yes'],
  flags: { name: endpointName, yes: toggle('-y, --yes', 'do not ask'), noWait },
  run: async (call, options) => {
    await confirm(`Delete the batch endpoint ${options.name} and its deployments?`, options.yes, call.surroundings)
    await call.client.call(batchRoutes.delete, { params: { name: options.name } })
  },
})

const listJobs = verb({
  name: 'list-jobs',
  summary: 'List the jobs that a batch endpoint started, newest first',
  examples: ['hagane batch-endpoint list-jobs -n scoring --query "[].name" -o tsv'],
  flags: { name: endpointName, maxResults: count('--max-results <n>', 'how many at most') },
  run: async (call, options) => {
    const params = { name: options.name }
    const most = options.maxResults ?? Number.MAX_SAFE_INTEGER
    const jobs = await collect(most, query => call.client.call(batchRoutes.listJobs, { params, query }))
    await call.print(jobs, jobColumns)
  },
})

export const noun: Noun = {
  name: 'batch-endpoint',
  summary: 'Manage and invoke batch endpoints',
  verbs: [create, update, show, listVerb, remove, invoke, listJobs],
}
