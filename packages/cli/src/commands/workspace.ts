import { type WorkspaceResource, workspaceRoutes } from '@hagane/contract'
import { count, list, text, toggle } from '../grammar/flags.ts'
import { type Noun, verb } from '../invocation.ts'
import { changedFields } from '../manifest/changes.ts'
import { loadResource } from '../manifest/load-resource.ts'
import { withTags } from '../manifest/tags.ts'
import type { Column } from '../output/table.ts'
import { changeFlags, needOneOf } from './asset-flags.ts'
import { collect } from './pages.ts'

const columns: readonly Column<WorkspaceResource>[] = [
  ['Name', workspace => workspace.name],
  ['DisplayName', workspace => workspace.display_name],
  ['MlflowTrackingUri', workspace => workspace.mlflow_tracking_uri],
  ['Created', workspace => workspace.creation_context.created_at],
]

const name = text('-n, --name <name>', 'name of the workspace (default: the one in use)')

const create = verb({
  name: 'create',
  summary: 'Create a workspace',
  examples: ['hagane workspace create -n team-a', 'hagane workspace create -f workspace.yml'],
  flags: {
    file: text('-f, --file <path>', 'YAML specification'),
    name: text('-n, --name <name>', 'name of the workspace'),
    displayName: text('--display-name <text>', 'name for people'),
    description: text('--description <text>', 'description'),
    tags: list('--tags <pairs...>', 'key=value tags'),
    set: list('--set <assignments...>', 'change the specification: property.path=value'),
    location: text('-l, --location <region>', 'accepted', { ignored: true }),
    noWait: toggle('--no-wait', 'accepted', { ignored: true }),
  },
  run: async (call, options) => {
    const name = options.name ?? (options.file === undefined ? call.globals.workspaceName : undefined)
    needOneOf('workspace create', { ...options, name }, ['file', 'name'])
    const { file, set, description } = options
    const overrides = { name, description, display_name: options.displayName }
    const body = withTags(await loadResource(call, 'workspace', { file, set, overrides }), options.tags)
    await call.print(await call.serverClient.call(workspaceRoutes.create, { body }))
  },
})

const listVerb = verb({
  name: 'list',
  summary: 'List workspaces',
  examples: ['hagane workspace list -o table'],
  flags: { maxResults: count('-r, --max-results <n>', 'how many at most') },
  run: async (call, options) => {
    const most = options.maxResults ?? Number.MAX_SAFE_INTEGER
    const items = await collect(most, query => call.serverClient.call(workspaceRoutes.list, { query }))
    await call.print(items, columns)
  },
})

const show = verb({
  name: 'show',
  summary: 'Show a workspace',
  examples: ['hagane workspace show', 'hagane workspace show -n team-a --query mlflow_tracking_uri -o tsv'],
  flags: { name },
  run: async (call, options) => {
    const params = { name: options.name ?? call.settings.workspace.value }
    await call.print(await call.serverClient.call(workspaceRoutes.show, { params }), columns)
  },
})

const update = verb({
  name: 'update',
  summary: 'Change display name, description or tags of a workspace',
  examples: ['hagane workspace update -n team-a --set display_name="Team A"'],
  flags: { name, ...changeFlags },
  run: async (call, options) => {
    const params = { name: options.name ?? call.settings.workspace.value }
    const current = await call.serverClient.call(workspaceRoutes.show, { params })
    const body = changedFields(current, options, ['display_name', 'description', 'tags'])
    await call.print(await call.serverClient.call(workspaceRoutes.update, { params, body }), columns)
  },
})

export const noun: Noun = { name: 'workspace', summary: 'Manage workspaces', verbs: [create, listVerb, show, update] }
