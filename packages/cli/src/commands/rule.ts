import { basename, dirname, resolve } from 'node:path'
import { type RuleResource, type RuleRun, ruleRoutes } from '@hagane/contract'
import { submittedState } from '../git/submitted-state.ts'
import { count, list, requiredText, text, toggle } from '../grammar/flags.ts'
import { UsageError } from '../grammar/usage-error.ts'
import { type Noun, type Verb, verb } from '../invocation.ts'
import { changedFields } from '../manifest/changes.ts'
import { loadResource } from '../manifest/load-resource.ts'
import { confirm } from '../terminal/confirm.ts'
import { changeFlags } from './asset-flags.ts'
import { collect } from './pages.ts'
import { actionColumns, ruleColumns, runColumns, testColumns, testLines } from './rule-columns.ts'

const ruleName = requiredText('-n, --name <name>', 'name of the rule')
const maxResults = count('-r, --max-results <n>', 'how many at most')
const runNumber = requiredText('--run <number>', 'number of the run')

const create = verb({
  name: 'create',
  summary: 'Create a rule, or replace the one of this name',
  description:
    'Jobs and components that it names by path are read, checked and uploaded now. It acts on events from now on.',
  examples: ['hagane rule create -f retrain.yml', 'hagane rule create -f retrain.yml --set is_enabled=false'],
  flags: {
    file: requiredText('-f, --file <path>', 'YAML specification of a rule'),
    name: text('-n, --name <name>', 'name of the rule'),
    set: list('--set <assignments...>', 'change the specification: property.path=value'),
  },
  run: async (call, { file, name, set }) => {
    const { cwd } = call.surroundings
    const rule = await loadResource(call, 'rule', { file, set, overrides: { name } })
    const git = await submittedState(call, dirname(resolve(cwd, file)))
    const experiment = basename(cwd)
    const body = {
      rule,
      ...(git === undefined ? {} : { git }),
      ...(experiment === '' ? {} : { default_experiment_name: experiment }),
    }
    await call.print(await call.client.call(ruleRoutes.create, { body }), ruleColumns)
  },
})

const listVerb = verb({
  name: 'list',
  summary: 'List rules by name',
  examples: ['hagane rule list -o table'],
  flags: { maxResults },
  run: async (call, options) => {
    const rules = await collect<RuleResource>(options.maxResults ?? Number.MAX_SAFE_INTEGER, query =>
      call.client.call(ruleRoutes.list, { query }),
    )
    await call.print(rules, ruleColumns)
  },
})

const show = verb({
  name: 'show',
  summary: 'Show a rule',
  examples: ['hagane rule show -n retrain'],
  flags: { name: ruleName },
  run: async (call, { name }) => {
    await call.print(await call.client.call(ruleRoutes.show, { params: { name } }), ruleColumns)
  },
})

const changeable = [
  ...(['display_name', 'description', 'tags', 'properties', 'on', 'do', 'is_enabled'] as const),
  ...(['debounce', 'cooldown', 'max_per_hour', 'max_depth'] as const),
]
const limits: readonly string[] = ['debounce', 'cooldown', 'max_per_hour']

const update = verb({
  name: 'update',
  summary: 'Change a rule; runs that have begun go on as they were',
  examples: [
    'hagane rule update -n retrain --set cooldown=6h',
    'hagane rule update -n retrain --remove debounce',
    `hagane rule update -n retrain --set on.event.where='event.data.signal == "data_drift"'`,
  ],
  flags: { name: ruleName, ...changeFlags },
  run: async (call, options) => {
    const params = { name: options.name }
    const current = await call.client.call(ruleRoutes.show, { params })
    const changed = changedFields(current, options, changeable)
    // a limit that is gone from the rule is told as none
    const removed = options.remove.filter(name => limits.includes(name)).map(name => [name, null])
    const body = { ...changed, ...Object.fromEntries(removed) }
    await call.print(await call.client.call(ruleRoutes.update, { params, body }), ruleColumns)
  },
})

const toggleVerb = (name: 'enable' | 'disable', summary: string): Verb =>
  verb({
    name,
    summary,
    examples: [`hagane rule ${name} -n retrain`],
    flags: { name: ruleName },
    run: async (call, options) => {
      const body = { is_enabled: name === 'enable' }
      await call.print(await call.client.call(ruleRoutes.update, { params: { name: options.name }, body }), ruleColumns)
    },
  })

const remove = verb({
  name: 'delete',
  summary: 'Delete a rule and the record of its runs; what they started goes on',
  examples: ['hagane rule delete -n retrain --yes'],
  flags: { name: ruleName, yes: toggle('-y, --yes', 'do not ask') },
  run: async (call, { name, yes }) => {
    await confirm(`Delete the rule ${name} and the record of its runs?`, yes, call.surroundings)
    await call.client.call(ruleRoutes.delete, { params: { name } })
  },
})

const secret = verb({
  name: 'secret',
  summary: 'Print the address for a git host and a new secret, which is shown this once',
  description:
    'The secret signs pushes that come in, and webhooks that the rule calls. The one before holds no longer.',
  examples: ['hagane rule secret -n deploy-on-tag', 'hagane rule secret -n deploy-on-tag --secret "$WEBHOOK_SECRET"'],
  flags: {
    name: ruleName,
    secret: text('--secret <text>', 'this one, of at least 16 characters (default: a new one)'),
  },
  run: async (call, { name, secret }) => {
    const body = secret === undefined ? {} : { secret }
    await call.print(await call.client.call(ruleRoutes.secret, { params: { name }, body }))
  },
})

const trigger = verb({
  name: 'trigger',
  summary: 'Fire a rule now, whatever its filters and limits say',
  examples: [
    'hagane rule trigger -n retrain --event 1042',
    `hagane rule trigger -n retrain --data '{"reason":"labels"}' --query number -o tsv`,
  ],
  flags: {
    name: ruleName,
    event: text('--event <event>', 'id or number of the event to act on'),
    data: text('--data <json>', 'what event.data is, without an event'),
  },
  run: async (call, { name, event, data }) => {
    if (event !== undefined && data !== undefined)
      throw new UsageError('--event and --data exclude each other', 'an event has data of its own')
    const body = {
      ...(event === undefined ? {} : { event }),
      ...(data === undefined ? {} : { data: jsonMap(data) }),
    }
    await call.print(await call.client.call(ruleRoutes.trigger, { params: { name }, body }), runColumns)
  },
})

function jsonMap(written: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(written)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  } catch {
    // falls through to the refusal
  }
  throw new UsageError(
    `--data is not a JSON object: ${written.slice(0, 100)}`,
    `for example --data '{"reason": "new labels"}'`,
  )
}

const test = verb({
  name: 'test',
  summary: 'Print what a rule would do on an event, without doing it',
  description:
    'As a table: which filters and limits hold and why, and what would become of each action. As JSON also the actions in full.',
  examples: ['hagane rule test -n retrain --event 1042 -o table'],
  flags: { name: ruleName, event: requiredText('--event <event>', 'id or number of the event') },
  run: async (call, { name, event }) => {
    const told = await call.client.call(ruleRoutes.test, { params: { name }, query: { event } })
    if (call.globals.output === 'table') await call.print(testLines(told), testColumns)
    else await call.print(told)
  },
})

const runs = verb({
  name: 'runs',
  summary: 'List the runs of a rule, newest first, also those that were skipped and why',
  examples: ['hagane rule runs -n retrain -o table'],
  flags: { name: ruleName, maxResults },
  run: async (call, options) => {
    const params = { name: options.name }
    const found = await collect<RuleRun>(options.maxResults ?? 50, query =>
      call.client.call(ruleRoutes.runs, { params, query }),
    )
    await call.print(found, runColumns)
  },
})

const runShow = verb({
  name: 'run show',
  summary: 'Show a run of a rule with its actions',
  examples: ['hagane rule run show -n retrain --run 3 -o table'],
  flags: { name: ruleName, run: runNumber },
  run: async (call, { name, run }) => {
    const shown = await call.client.call(ruleRoutes.run, { params: { name, number: run } })
    if (call.globals.output === 'table') await call.print(shown.actions, actionColumns)
    else await call.print(shown, runColumns)
  },
})

const runCancel = verb({
  name: 'run cancel',
  summary: 'End a run: what has not begun is left out, what has begun goes on',
  examples: ['hagane rule run cancel -n retrain --run 3'],
  flags: { name: ruleName, run: runNumber },
  run: async (call, { name, run }) => {
    await call.print(await call.client.call(ruleRoutes.cancel, { params: { name, number: run } }), runColumns)
  },
})

export const noun: Noun = {
  name: 'rule',
  summary: 'Act on events, at times and on pushes',
  verbs: [
    ...[create, listVerb, show, update],
    toggleVerb('enable', 'Enable a rule; it takes no notice of what came meanwhile'),
    toggleVerb('disable', 'Disable a rule; runs that have begun go on'),
    ...[remove, test, trigger, runs, runShow, runCancel, secret],
  ],
}
