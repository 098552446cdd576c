import { type AuditTrail, auditTrailRoutes, type TrailEntry } from '@hagane/contract'
import { text } from '../grammar/flags.ts'
import { UsageError } from '../grammar/usage-error.ts'
import { verb } from '../invocation.ts'
import type { Column } from '../output/table.ts'
import { trailText } from '../output/trail-text.ts'

const things = {
  model: text('--model <name:version>', 'a model version'),
  prediction: text('--prediction <id>', 'a prediction, by the id that came with the answer'),
  endpoint: text('--endpoint <name>', 'an online endpoint'),
  job: text('--job <name>', 'a job'),
}

const columns: readonly Column<TrailEntry>[] = [
  ['Time', entry => entry.time],
  ['Event', entry => entry.seq],
  ['Actor', entry => entry.actor],
  ['What', entry => entry.says],
]

/** A time as the server takes it; a date or minute is completed. */
function timeOf(given: string): string {
  const whole = /^\d{4}-\d\d-\d\d$/.test(given) ? `${given}T00:00Z` : given
  const time = new Date(/[zZ]|[+-]\d\d:?\d\d$/.test(whole) ? whole : `${whole}Z`)
  if (Number.isNaN(time.getTime())) throw new UsageError(`--at: '${given}' is no time`, 'write it as 2026-05-01T14:02Z')
  return time.toISOString()
}

export const trail = verb({
  name: 'trail',
  summary: 'Tell the story of a model, prediction, job or endpoint: from code and data to traffic',
  description: 'With --endpoint and --at: what served at that time, and who decided it. Times without a zone are UTC.',
  examples: [
    'hagane audit trail --model flights:3',
    'hagane audit trail --prediction pr-0123456789abcdef-01JCY0R3KQ6W2M8Z4V7T5N9X1B',
    'hagane audit trail --endpoint flights --at 2026-05-01T14:02Z',
  ],
  flags: { ...things, at: text('--at <time>', 'with --endpoint: then (default: now)') },
  run: async (call, options) => {
    const kinds = Object.keys(things) as (keyof typeof things)[]
    const named = kinds.flatMap(kind => (options[kind] === undefined ? [] : [`${kind}:${options[kind]}`]))
    const [of] = named
    if (of === undefined || named.length > 1)
      throw new UsageError(
        'audit trail: name one of --model, --prediction, --endpoint, --job',
        'hagane audit trail --model flights:3',
      )
    if (options.at !== undefined && options.endpoint === undefined)
      throw new UsageError('--at is for --endpoint', 'hagane audit trail --endpoint flights --at 2026-05-01T14:02Z')
    const query = { of, ...(options.at === undefined ? {} : { at: timeOf(options.at) }) }
    const told: AuditTrail = await call.client.call(auditTrailRoutes.show, { query })
    if (call.globals.output === 'table' && call.globals.query === undefined) return call.print(told.story, columns)
    if (call.surroundings.stdout.isTTY === true && !call.resultIsWanted)
      return void call.surroundings.stdout.write(trailText(told))
    return call.print(told)
  },
})
