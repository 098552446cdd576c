import { endpointRoutes, type OnlineEndpoint, type OnlineEndpointSpec } from '@hagane/contract'
import { count, list, requiredText, text, toggle } from '../grammar/flags.ts'
import { UsageError } from '../grammar/usage-error.ts'
import { type Noun, verb } from '../invocation.ts'
import { changedFields } from '../manifest/changes.ts'
import { loadResource } from '../manifest/load-resource.ts'
import { withTags } from '../manifest/tags.ts'
import type { Column } from '../output/table.ts'
import { confirm } from '../terminal/confirm.ts'
import { changeFlags, needOneOf, notWithFile } from './asset-flags.ts'
import { compare } from './online-endpoint-compare.ts'
import { collected, feedback, predictions } from './online-endpoint-data.ts'
import { invokeEndpoint } from './online-endpoint-invoke.ts'
import { metrics } from './online-endpoint-metrics.ts'
import { collect } from './pages.ts'
import { sharesOf } from './traffic.ts'

const endpointName = requiredText('-n, --name <name>', 'name of the endpoint')
const local = toggle('--local [bool]', 'accepted; every endpoint is local here', { ignored: true })
const asLocal = toggle('--local [bool]', 'answer callers on this machine only, who need no key')
const noWait = toggle('--no-wait', 'accepted', { ignored: true })

const shares = (traffic: Record<string, number>) =>
  Object.entries(traffic)
    .map(([name, share]) => `${name}=${share}`)
    .join(' ')

const columns: readonly Column<OnlineEndpoint>[] = [
  ['Name', endpoint => endpoint.name],
  ['State', endpoint => endpoint.provisioning_state],
  ['AuthMode', endpoint => endpoint.auth_mode],
  ['Traffic', endpoint => shares(endpoint.traffic)],
  ['Mirror', endpoint => shares(endpoint.mirror_traffic)],
  ['ScoringUri', endpoint => endpoint.scoring_uri],
]

const create = verb({
  name: 'create',
  summary: 'Create an endpoint; deployments are added to it afterwards',
  examples: ['hagane online-endpoint create -f endpoint.yml', 'hagane online-endpoint create -n flights'],
  flags: {
    file: text('-f, --file <path>', 'YAML specification'),
    name: text('-n, --name <name>', 'name of the endpoint'),
    authMode: text('--auth-mode <mode>', 'how callers prove who they are (default: key)', {
      choices: ['key', 'aml_token', 'aad_token'],
    }),
    tags: list('--tags <pairs...>', 'key=value tags'),
    set: list('--set <assignments...>', 'change the specification: property.path=value'),
    local: asLocal,
    noWait,
    web: toggle('--web', 'accepted', { ignored: true }),
  },
  run: async (call, options) => {
    needOneOf('online-endpoint create', options, ['file', 'name'])
    const { file, set, name } = options
    const overrides = { name, auth_mode: options.authMode }
    const loaded = await loadResource(call, 'online-endpoint', { file, set, overrides })
    const spec = withLocal(withTags(loaded, options.tags), options.local)
    const named = spec.name
    if (named === undefined) throw new UsageError('the endpoint needs a name', 'give --name, or name: in the file')
    await call.print(await call.client.call(endpointRoutes.create, { body: { ...spec, name: named } }), columns)
  },
})

/** `--local` is a property of the endpoint, since every endpoint runs where Hagane does. */
const withLocal = (spec: OnlineEndpointSpec, local: boolean): OnlineEndpointSpec =>
  local ? { ...spec, properties: { ...spec.properties, 'hagane.local': 'true' } } : spec

const changeable = ['description', 'tags', 'properties', 'traffic', 'mirror_traffic', 'public_network_access'] as const

const update = verb({
  name: 'update',
  summary: 'Split or mirror the traffic of an endpoint, or change its description and tags',
  examples: [
    'hagane online-endpoint update -n flights --traffic "blue=90 green=10"',
    'hagane online-endpoint update -n flights --mirror-traffic green=20',
  ],
  flags: {
    name: text('-n, --name <name>', 'name of the endpoint (default: that in the file)'),
    file: text('-f, --file <path>', 'YAML specification with the new values'),
    traffic: list('-r, --traffic <shares...>', 'percent per deployment: "blue=90 green=10"'),
    mirrorTraffic: list('-m, --mirror-traffic <shares...>', 'percent copied to deployments that do not answer'),
    ...changeFlags,
    local,
    noWait,
  },
  run: async (call, options) => {
    notWithFile(options)
    const { file, set } = options
    const spec = file === undefined ? undefined : await loadResource(call, 'online-endpoint', { file, set })
    const name = options.name ?? spec?.name
    if (name === undefined) throw new UsageError('online-endpoint update needs --name')
    const params = { name }
    const flagged = trafficOf(options)
    const hasChanges = set.length + options.remove.length > 0 || Object.keys(flagged).length === 0
    const body =
      spec !== undefined
        ? changeableOf(spec)
        : hasChanges
          ? changedFields(await call.client.call(endpointRoutes.show, { params }), options, changeable)
          : {}
    const answer = await call.client.call(endpointRoutes.update, { params, body: { ...body, ...flagged } })
    await call.print(answer, columns)
  },
})

const trafficOf = (options: { traffic: string[]; mirrorTraffic: string[] }) => ({
  ...(options.traffic.length === 0 ? {} : { traffic: sharesOf(options.traffic, '--traffic') }),
  ...(options.mirrorTraffic.length === 0
    ? {}
    : { mirror_traffic: sharesOf(options.mirrorTraffic, '--mirror-traffic') }),
})

/** What an update may carry, of a whole specification. */
const changeableOf = (spec: OnlineEndpointSpec): Partial<Pick<OnlineEndpointSpec, (typeof changeable)[number]>> =>
  Object.fromEntries(changeable.flatMap(key => (spec[key] === undefined ? [] : [[key, spec[key]]])))

const show = verb({
  name: 'show',
  summary: 'Show an endpoint',
  examples: ['hagane online-endpoint show -n flights --query scoring_uri -o tsv'],
  flags: { name: endpointName, local },
  run: async (call, options) => {
    await call.print(await call.client.call(endpointRoutes.show, { params: { name: options.name } }), columns)
  },
})

const listVerb = verb({
  name: 'list',
  summary: 'List endpoints',
  examples: ['hagane online-endpoint list -o table'],
  flags: { maxResults: count('--max-results <n>', 'how many at most'), local },
  run: async (call, options) => {
    const most = options.maxResults ?? Number.MAX_SAFE_INTEGER
    const items = await collect(most, query => call.client.call(endpointRoutes.list, { query }))
    await call.print(items, columns)
  },
})

const remove = verb({
  name: 'delete',
  summary: 'Delete an endpoint and its deployments',
  examples: ['hagane online-endpoint delete -n flights --yes'],
  flags: { name: endpointName, yes: toggle('-y, --yes', 'do not ask'), noWait, local },
  run: async (call, options) => {
    await confirm(`Delete the endpoint ${options.name} and its deployments?`, options.yes, call.surroundings)
    await call.client.call(endpointRoutes.delete, { params: { name: options.name } })
  },
})

const invoke = verb({
  name: 'invoke',
  summary: 'Send a request to an endpoint and print the answer',
  examples: [
    'hagane online-endpoint invoke -n flights --request-file request.json',
    'hagane online-endpoint invoke -n flights -d green -r request.json',
  ],
  flags: {
    name: endpointName,
    requestFile: text('-r, --request-file <path>', 'file with the JSON to send (default: an empty object)'),
    deploymentName: text('-d, --deployment-name <name>', 'ask this deployment, whatever the traffic split'),
    local,
  },
  run: async (call, options) => invokeEndpoint(call, options),
})

const getCredentials = verb({
  name: 'get-credentials',
  summary: 'Show the keys or the token of an endpoint',
  examples: ['hagane online-endpoint get-credentials -n flights --query primaryKey -o tsv'],
  flags: { name: endpointName },
  run: async (call, options) => {
    await call.print(await call.client.call(endpointRoutes.credentials, { params: { name: options.name } }))
  },
})

const regenerateKeys = verb({
  name: 'regenerate-keys',
  summary: 'Replace a key of an endpoint; the old one stops working',
  examples: ['hagane online-endpoint regenerate-keys -n flights --key-type secondary'],
  flags: {
    name: endpointName,
    keyType: text('--key-type <type>', 'which key (default: primary)', { choices: ['primary', 'secondary'] }),
    noWait,
  },
  run: async (call, options) => {
    const key_type = options.keyType === 'secondary' ? 'secondary' : 'primary'
    await call.client.call(endpointRoutes.regenerateKey, { params: { name: options.name }, body: { key_type } })
  },
})

export const noun: Noun = {
  name: 'online-endpoint',
  summary: 'Manage and call online endpoints',
  verbs: [
    create,
    update,
    show,
    listVerb,
    remove,
    invoke,
    getCredentials,
    regenerateKeys,
    predictions,
    compare,
    feedback,
    collected,
    metrics,
  ],
}
