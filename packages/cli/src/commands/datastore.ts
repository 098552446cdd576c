import { type DatastoreResource, datastoreRoutes } from '@hagane/contract'
import { count, requiredText } from '../grammar/flags.ts'
import { type Noun, verb } from '../invocation.ts'
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

export const noun: Noun = { name: 'datastore', summary: 'Look at datastores', verbs: [list, show] }
