import { type SilenceResource, silenceRoutes } from '@hagane/contract'
import { count, list, requiredText, text } from '../grammar/flags.ts'
import { UsageError } from '../grammar/usage-error.ts'
import { type Noun, verb } from '../invocation.ts'
import { pairsOf } from '../manifest/changes.ts'
import type { Column } from '../output/table.ts'
import { collect } from './pages.ts'

const columns: readonly Column<SilenceResource>[] = [
  ['Id', silence => silence.id],
  ['Active', silence => silence.is_active],
  ['Match', silence => JSON.stringify(silence.match)],
  ['Until', silence => silence.ends_at],
  ['While', silence => (silence.while === undefined ? undefined : JSON.stringify(silence.while))],
  ['By', silence => silence.created_by],
  ['Comment', silence => silence.comment],
]

const create = verb({
  name: 'create',
  summary: 'Keep alerts from being told for a while; they are raised and resolved all the same',
  description: 'With --while-key it lasts as long as such an alert fires, which explains the others.',
  examples: [
    'hagane silence create --key "monitor/flights/*" --duration 2h --comment "new season"',
    'hagane silence create --label team=fraud --ends-at 2026-12-01T00:00:00Z',
    'hagane silence create --key "monitor/*" --while-key "endpoint/*/down" --equal endpoint',
  ],
  flags: {
    key: text('--key <key>', 'alerts with this key; a * at its end stands for the rest'),
    group: text('--group <group>', 'alerts of this group'),
    label: list('--label <labels...>', 'alerts with these labels: name=value'),
    duration: text('--duration <duration>', 'from now, e.g. 2h'),
    endsAt: text('--ends-at <time>', 'until then: 2026-12-01T00:00:00Z'),
    whileKey: text('--while-key <key>', 'only while an alert with such a key fires'),
    equal: list('--equal <labels...>', 'labels that have to be the same on both'),
    comment: text('--comment <text>', 'why'),
  },
  run: async (call, { key, group, label, duration, endsAt, whileKey, equal, comment }) => {
    if (key === undefined && group === undefined && label.length === 0)
      throw new UsageError('say which alerts', '--key, --group or --label')
    const match = {
      ...(key === undefined ? {} : { key }),
      ...(group === undefined ? {} : { group }),
      ...(label.length === 0 ? {} : { labels: pairsOf(label, '--label') }),
    }
    const body = {
      match,
      ...(duration === undefined ? {} : { duration }),
      ...(endsAt === undefined ? {} : { ends_at: endsAt }),
      ...(whileKey === undefined ? {} : { while: { key: whileKey } }),
      ...(equal.length === 0 ? {} : { equal }),
      ...(comment === undefined ? {} : { comment }),
    }
    await call.print(await call.client.call(silenceRoutes.create, { body }), columns)
  },
})

const listVerb = verb({
  name: 'list',
  summary: 'List silences, newest first',
  examples: ['hagane silence list -o table'],
  flags: { maxResults: count('-r, --max-results <n>', 'how many at most (default: 50)') },
  run: async (call, { maxResults }) => {
    const found = await collect<SilenceResource>(maxResults ?? 50, page =>
      call.client.call(silenceRoutes.list, { query: page }),
    )
    await call.print(found, columns)
  },
})

const remove = verb({
  name: 'delete',
  summary: 'End a silence; what still fires is told',
  examples: ['hagane silence delete -n 01JD4X…'],
  flags: { name: requiredText('-n, --name <id>', 'id of the silence') },
  run: async (call, { name }) => {
    await call.client.call(silenceRoutes.delete, { params: { id: name } })
  },
})

export const noun: Noun = {
  name: 'silence',
  summary: 'Keep alerts from being told',
  verbs: [create, listVerb, remove],
}
