import { type AlertResource, alertRoutes } from '@hagane/contract'
import { count, requiredText, text } from '../grammar/flags.ts'
import { type Noun, verb } from '../invocation.ts'
import type { Column } from '../output/table.ts'
import { collect } from './pages.ts'

const columns: readonly Column<AlertResource>[] = [
  ['Id', alert => alert.id],
  ['State', alert => alert.state],
  ['Severity', alert => alert.severity],
  ['Summary', alert => alert.summary],
  ['Started', alert => alert.started_at],
  ['Seen', alert => alert.times_seen],
  ['Note', alert => alert.note ?? (alert.silenced_by === undefined ? undefined : `silenced by ${alert.silenced_by}`)],
]
const idFlag = requiredText('-n, --name <id>', 'id of the alert')
const comment = text('--comment <text>', 'why')

const list = verb({
  name: 'list',
  summary: 'List alerts, newest first; those that are not resolved unless told otherwise',
  examples: ['hagane alert list -o table', 'hagane alert list --state all --key "monitor/flights/*"'],
  flags: {
    state: text('--state <state>', 'open (default), all, pending, firing, acknowledged or resolved'),
    key: text('--key <key>', 'only this key; a * at its end stands for the rest'),
    maxResults: count('-r, --max-results <n>', 'how many at most (default: 50)'),
  },
  run: async (call, { state, key, maxResults }) => {
    const filter = { ...(state === undefined ? {} : { state: state as 'open' }), ...(key === undefined ? {} : { key }) }
    const found = await collect<AlertResource>(maxResults ?? 50, page =>
      call.client.call(alertRoutes.list, { query: { ...filter, ...page } }),
    )
    await call.print(found, columns)
  },
})

const show = verb({
  name: 'show',
  summary: 'Show an alert',
  examples: ['hagane alert show -n 01JD4X…'],
  flags: { name: idFlag },
  run: async (call, { name }) => {
    await call.print(await call.client.call(alertRoutes.show, { params: { id: name } }), columns)
  },
})

const acknowledge = verb({
  name: 'acknowledge',
  summary: 'Say that somebody works on it: it is not escalated any more',
  examples: ['hagane alert acknowledge -n 01JD4X… --comment "looking into it"'],
  flags: { name: idFlag, comment },
  run: async (call, { name, comment }) => {
    const body = comment === undefined ? {} : { comment }
    await call.print(await call.client.call(alertRoutes.acknowledge, { params: { id: name }, body }), columns)
  },
})

const resolve = verb({
  name: 'resolve',
  summary: 'Say that it is over; it fires again when it is reported again',
  examples: ['hagane alert resolve -n 01JD4X…'],
  flags: { name: idFlag, comment },
  run: async (call, { name, comment }) => {
    const body = comment === undefined ? {} : { comment }
    await call.print(await call.client.call(alertRoutes.resolve, { params: { id: name }, body }), columns)
  },
})

export const noun: Noun = {
  name: 'alert',
  summary: 'What is wrong, and who knows of it',
  verbs: [list, show, acknowledge, resolve],
}
