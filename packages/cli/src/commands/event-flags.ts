import type { EventRecord } from '@hagane/contract'
import { count, text } from '../grammar/flags.ts'
import type { Column } from '../output/table.ts'

export const eventFilterFlags = {
  type: text('--type <type>', 'only this type; a * at its end stands for the rest, e.g. dev.hagane.job.*'),
  subject: text('--subject <subject>', 'only this subject, e.g. job/brave_iron_12 or model/*'),
  actor: text('--actor <actor>', 'only what this person or program did'),
}
export const eventListFlags = {
  ...eventFilterFlags,
  maxResults: count('-r, --max-results <n>', 'how many at most (default: 50)'),
}
export const defaultMost = 50

export const eventColumns: readonly Column<EventRecord>[] = [
  ['Seq', event => event.seq],
  ['Time', event => event.time],
  ['Actor', event => event.actor],
  ['Type', event => event.type],
  ['Subject', event => event.subject],
]
