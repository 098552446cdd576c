import { type DatastoreResource, datastoreRoutes } from '@hagane/contract'
import { count, requiredText, list as setFlag, text, toggle } from '../grammar/flags.ts'
import { type Invocation, type Noun, verb } from '../invocation.ts'
import { loadResource } from '../manifest/load-resource.ts'
import type { Column } from '../output/table.ts'

const columns: readonly Column<DatastoreResource>[] = [
  ['Name', datastore => datastore.name],
  ['Type', datastore => datastore.type],
  ['Path', datastore => datastore.path],
  ['Default', datastore => datastore.is_default],
]

const list = verb({
  name: 'list',
  summary: 'List datastores',
  examples: ['hagane datastore list -o table'],
  flags: { maxResults: count('-r, --max-results <n>', 'how many at most') },
  run: async (call, options) => {
    const { items } = await call.client.call(datastoreRoutes.list)
    await call.print(items.slice(0, options.maxResults), columns)
  },
})

const show = verb({
  name: 'show',
  summary: 'Show a datastore and where its files lie on the server',
  examples: ['hagane datastore show -n workspaceblobstore'],
  flags: { name: requiredText('-n, --name <name>', 'name of the datastore') },
  run: async (call, options) => {
    await call.print(await call.client.call(datastoreRoutes.show, { params: { name: options.name } }), columns)
  },
})

const changeable = {
  name: text('-n, --name <name>', 'name of the datastore; wins over the file'),
  set: setFlag('--set <assignments...>', 'change the specification: property.path=value'),
}

const create = verb({
  name: 'create',
  summary: 'Create a datastore, or change the one of that name',
  description:
    'Types: azure_blob (as in Azure ML), s3, local and https. Credentials are kept encrypted on the server and never shown again.',
  examples: ['hagane datastore create -f datastore.yml', 'hagane datastore create -f s3.yml --set bucket=flights'],
  flags: { file: requiredText('-f, --file <path>', 'YAML specification'), ...changeable },
  run: (call, options) => put(call, options),
})

const update = verb({
  name: 'update',
  summary: 'Change a datastore: its whole specification is given again, with the credentials',
  examples: ['hagane datastore update -f datastore.yml'],
  flags: { file: requiredText('-f, --file <path>', 'YAML specification'), ...changeable },
  run: (call, options) => put(call, options),
})

async function put(call: Invocation, { file, name, set }: { file: string; name: string | undefined; set: string[] }) {
  const body = await loadResource(call, 'datastore', { file, set, overrides: { name } })
  await call.print(await call.client.call(datastoreRoutes.put, { body }), columns)
}

const remove = verb({
  name: 'delete',
  summary: 'Forget a datastore; what lies in the storage stays',
  examples: ['hagane datastore delete -n flights'],
  flags: {
    name: requiredText('-n, --name <name>', 'name of the datastore'),
    yes: toggle('-y, --yes', 'accepted', { ignored: true }),
  },
  run: async (call, options) => {
    await call.client.call(datastoreRoutes.delete, { params: { name: options.name } })
  },
})

export const noun: Noun = {
  name: 'datastore',
  summary: 'Where data lies',
  verbs: [create, list, show, update, remove],
}
