import { auditRoutes, type EventRecord } from '@hagane/contract'
import { count, requiredText, text } from '../grammar/flags.ts'
import { verb } from '../invocation.ts'
import type { Column } from '../output/table.ts'
import { collect } from './pages.ts'

const columns: readonly Column<EventRecord>[] = [
  ['Time', event => event.time],
  ['Label', event => event.data.alias],
  ['Version', event => (event.type.endsWith('-deleted') ? '' : event.data.version)],
  ['Before', event => (event.type.endsWith('-deleted') ? event.data.version : event.data.previous_version)],
  ['By', event => event.actor],
  ['Event', event => event.seq],
]

export const labelHistory = verb({
  name: 'label-history',
  summary: 'List where the labels of a model pointed and who moved them, newest first',
  description: 'From the events, which cannot be changed: MLflow calls these labels aliases, and `champion` is one.',
  examples: ['hagane model label-history -n flights -l champion -o table'],
  flags: {
    name: requiredText('-n, --name <name>', 'name of the model'),
    label: text('-l, --label <label>', 'only this label'),
    maxResults: count('-r, --max-results <n>', 'how many at most'),
  },
  run: async (call, { name, label, maxResults }) => {
    const filter = { type: 'dev.hagane.model.alias-*', subject: `model/${name}:*` }
    const isWanted = (event: EventRecord) => label === undefined || event.data.alias === label
    const ask = (page: { limit: number; cursor: string | undefined }) =>
      call.client.call(auditRoutes.list, { query: { ...page, ...filter } })
    await call.print(await collect<EventRecord>(maxResults ?? 100, ask, isWanted), columns)
  },
})
