import {
  type DeliveryResource,
  type DeliveryState,
  deliveryStates,
  type SubscriptionResource,
  subscriptionRoutes,
} from '@hagane/contract'
import { exitCodes } from '../failure.ts'
import { count, list, requiredText, text, toggle } from '../grammar/flags.ts'
import { UsageError } from '../grammar/usage-error.ts'
import { type Noun, verb } from '../invocation.ts'
import { changedFields } from '../manifest/changes.ts'
import { loadResource } from '../manifest/load-resource.ts'
import type { Column } from '../output/table.ts'
import { confirm } from '../terminal/confirm.ts'
import { collect } from './pages.ts'

const columns: readonly Column<SubscriptionResource>[] = [
  ['Name', subscription => subscription.name],
  ['Channel', ({ channel }) => String(channel.type)],
  ['Health', subscription => subscription.health],
  ['Behind', subscription => subscription.behind],
  ['Retrying', subscription => subscription.retrying],
  ['Dead', subscription => subscription.dead],
  ['LastError', subscription => subscription.last_error],
]
const deliveryColumns: readonly Column<DeliveryResource>[] = [
  ['Seq', delivery => delivery.seq],
  ['Type', delivery => delivery.type],
  ['Subject', delivery => delivery.subject],
  ['State', delivery => delivery.state],
  ['Attempts', delivery => delivery.attempts],
  ['Status', delivery => delivery.status],
  ['LastAttempt', delivery => delivery.last_attempt],
  ['Error', delivery => delivery.error],
]

const nameFlag = requiredText('-n, --name <name>', 'name of the subscription')
const maxResults = count('-r, --max-results <n>', 'how many at most')

const create = verb({
  name: 'create',
  summary: 'Create a subscription, or replace the one of this name',
  description: 'It hears of what happens from now on. A signing secret that was made up is shown once.',
  examples: [
    'hagane subscription create -f subscription.yml',
    'hagane subscription create -f subscription.yml --set channel.secret=$WEBHOOK_SECRET',
  ],
  flags: {
    file: requiredText('-f, --file <path>', 'YAML specification of a subscription'),
    name: text('-n, --name <name>', 'name of the subscription'),
    set: list('--set <assignments...>', 'change the specification: property.path=value'),
  },
  run: async (call, { file, name, set }) => {
    const body = await loadResource(call, 'subscription', { file, set, overrides: { name } })
    const made = await call.client.call(subscriptionRoutes.create, { body })
    if (made.secret !== undefined) call.note('keep the secret: it is not shown again')
    await call.print(made, columns)
  },
})

const listVerb = verb({
  name: 'list',
  summary: 'List subscriptions, how far each is and what it last failed with',
  examples: ['hagane subscription list -o table'],
  flags: { maxResults },
  run: async (call, options) => {
    const found = await collect<SubscriptionResource>(options.maxResults ?? Number.MAX_SAFE_INTEGER, page =>
      call.client.call(subscriptionRoutes.list, { query: page }),
    )
    await call.print(found, columns)
  },
})

const show = verb({
  name: 'show',
  summary: 'Show a subscription',
  examples: ['hagane subscription show -n ops --query health -o tsv'],
  flags: { name: nameFlag },
  run: async (call, options) => {
    await call.print(await call.client.call(subscriptionRoutes.show, { params: { name: options.name } }), columns)
  },
})

const changeable = [
  ...(['description', 'on', 'alerts', 'channel', 'language'] as const),
  ...(['quiet_hours', 'timeout_seconds', 'is_enabled'] as const),
]

const update = verb({
  name: 'update',
  summary: 'Change a subscription; one that is disabled keeps its place',
  description: 'A channel is given as a whole; a webhook keeps its secret when none is given.',
  examples: [
    'hagane subscription update -n ops --set is_enabled=false',
    'hagane subscription update -n ops --set language=ja',
  ],
  flags: { name: nameFlag, set: list('--set <assignments...>', 'change one property: property.path=value') },
  run: async (call, options) => {
    const params = { name: options.name }
    const current = await call.client.call(subscriptionRoutes.show, { params })
    const body = changedFields(current, { set: options.set, remove: [], forceString: false }, changeable)
    await call.print(await call.client.call(subscriptionRoutes.update, { params, body: body as never }), columns)
  },
})

const remove = verb({
  name: 'delete',
  summary: 'Delete a subscription and the log of its deliveries',
  examples: ['hagane subscription delete -n ops --yes'],
  flags: { name: nameFlag, yes: toggle('-y, --yes', 'do not ask') },
  run: async (call, options) => {
    await confirm(`Delete the subscription ${options.name}?`, options.yes, call.surroundings)
    await call.client.call(subscriptionRoutes.delete, { params: { name: options.name } })
  },
})

const test = verb({
  name: 'test',
  summary: 'Send a made-up event now; fails when it is not taken',
  examples: ['hagane subscription test -n ops'],
  flags: { name: nameFlag },
  run: async (call, options) => {
    const answer = await call.client.call(subscriptionRoutes.test, { params: { name: options.name } })
    await call.print(answer)
    return answer.delivered ? exitCodes.ok : exitCodes.failure
  },
})

const deliveries = verb({
  name: 'deliveries',
  summary: 'List deliveries, newest event first',
  examples: ['hagane subscription deliveries -n ops -o table', 'hagane subscription deliveries -n ops --state dead'],
  flags: {
    name: nameFlag,
    state: text('--state <state>', `only those in this state: ${deliveryStates.join(', ')}`),
    maxResults,
  },
  run: async (call, options) => {
    const state = options.state as DeliveryState | undefined
    const found = await collect<DeliveryResource>(options.maxResults ?? 50, page =>
      call.client.call(subscriptionRoutes.deliveries, {
        params: { name: options.name },
        query: { ...page, ...(state === undefined ? {} : { state }) },
      }),
    )
    await call.print(found, deliveryColumns)
  },
})

const redeliver = verb({
  name: 'redeliver',
  summary: 'Deliver one event again, or all that were given up',
  examples: ['hagane subscription redeliver -n ops --event 4711', 'hagane subscription redeliver -n ops --dead'],
  flags: {
    name: nameFlag,
    event: text('--event <id>', 'id or sequence number of an event'),
    dead: toggle('--dead', 'all that were given up'),
  },
  run: async (call, { name, event, dead }) => {
    if ((event === undefined) === !dead)
      throw new UsageError('say which', '--event <id>, or --dead for all that were given up')
    const body = event === undefined ? ({ state: 'dead' } as const) : { event }
    await call.print(await call.client.call(subscriptionRoutes.redeliver, { params: { name }, body }))
  },
})

export const noun: Noun = {
  name: 'subscription',
  summary: 'Tell others of events',
  verbs: [create, listVerb, show, update, remove, test, deliveries, redeliver],
}
