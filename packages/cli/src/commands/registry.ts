import { type RegistryResource, registryRoutes } from '@hagane/contract'
import { count, list, requiredText, text, toggle } from '../grammar/flags.ts'
import { type Noun, verb } from '../invocation.ts'
import { loadResource } from '../manifest/load-resource.ts'
import { withTags } from '../manifest/tags.ts'
import type { Column } from '../output/table.ts'
import { confirm } from '../terminal/confirm.ts'
import { needOneOf } from './asset-flags.ts'
import { collect } from './pages.ts'

const columns: readonly Column<RegistryResource>[] = [
  ['Name', registry => registry.name],
  ['DisplayName', registry => registry.display_name],
  ['MlflowRegistryUri', registry => registry.mlflow_registry_uri],
  ['Created', registry => registry.creation_context.created_at],
]

const name = requiredText('-n, --name <name>', 'name of the registry')
const noWait = toggle('--no-wait', 'accepted', { ignored: true })

const create = verb({
  name: 'create',
  summary: 'Create a registry, whose assets all workspaces of this server may use',
  examples: ['hagane registry create -n shared', 'hagane registry create -f registry.yml'],
  flags: {
    file: text('-f, --file <path>', 'YAML specification'),
    name: text('-n, --name <name>', 'name of the registry'),
    displayName: text('--display-name <text>', 'name for people'),
    description: text('--description <text>', 'description'),
    tags: list('--tags <pairs...>', 'key=value tags'),
    set: list('--set <assignments...>', 'change the specification: property.path=value'),
    location: text('-l, --location <region>', 'accepted', { ignored: true }),
    noWait,
  },
  run: async (call, options) => {
    needOneOf('registry create', options, ['file', 'name'])
    const { file, set, description } = options
    const overrides = { name: options.name, description, display_name: options.displayName }
    const body = withTags(await loadResource(call, 'registry', { file, set, overrides }), options.tags)
    await call.print(await call.serverClient.call(registryRoutes.create, { body }), columns)
  },
})

const listVerb = verb({
  name: 'list',
  summary: 'List registries',
  examples: ['hagane registry list -o table'],
  flags: { maxResults: count('-r, --max-results <n>', 'how many at most') },
  run: async (call, options) => {
    const most = options.maxResults ?? Number.MAX_SAFE_INTEGER
    await call.print(await collect(most, query => call.serverClient.call(registryRoutes.list, { query })), columns)
  },
})

const show = verb({
  name: 'show',
  summary: 'Show a registry',
  examples: ['hagane registry show -n shared'],
  flags: { name },
  run: async (call, options) => {
    await call.print(await call.serverClient.call(registryRoutes.show, { params: { name: options.name } }), columns)
  },
})

const remove = verb({
  name: 'delete',
  summary: 'Delete an empty registry',
  examples: ['hagane registry delete -n shared --yes'],
  flags: { name, yes: toggle('-y, --yes', 'do not ask'), noWait },
  run: async (call, options) => {
    await confirm(`Delete the registry ${options.name}?`, options.yes, call.surroundings)
    await call.serverClient.call(registryRoutes.delete, { params: { name: options.name } })
  },
})

export const noun: Noun = { name: 'registry', summary: 'Manage registries', verbs: [create, listVerb, show, remove] }
