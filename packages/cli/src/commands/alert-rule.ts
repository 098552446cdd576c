import { type AlertRuleResource, alertRuleRoutes } from '@hagane/contract'
import { count, list, requiredText, text, toggle } from '../grammar/flags.ts'
import { type Noun, verb } from '../invocation.ts'
import { loadResource } from '../manifest/load-resource.ts'
import type { Column } from '../output/table.ts'
import { confirm } from '../terminal/confirm.ts'
import { collect } from './pages.ts'
import { periodFlags, periodOf } from './time-flags.ts'

const columns: readonly Column<AlertRuleResource>[] = [
  ['Name', rule => rule.name],
  ['Severity', rule => rule.severity],
  ['On', rule => rule.on?.types?.join(', ') ?? rule.metric?.metric],
  ['AtLeast', rule => rule.at_least],
  ['Within', rule => rule.within ?? rule.absent_for],
  ['For', rule => rule.for],
  ['Enabled', rule => rule.is_enabled],
]
const nameFlag = requiredText('-n, --name <name>', 'name of the alert rule')
const specFlags = {
  file: requiredText('-f, --file <path>', 'YAML specification of an alert rule'),
  set: list('--set <assignments...>', 'change the specification: property.path=value'),
}

const create = verb({
  name: 'create',
  summary: 'Create an alert rule, or replace the one of this name; it looks at what happens from now on',
  examples: ['hagane alert-rule create -f rule.yml', 'hagane alert-rule create -f rule.yml --set at_least=5'],
  flags: { ...specFlags, name: text('-n, --name <name>', 'name of the alert rule') },
  run: async (call, { file, set, name }) => {
    const body = await loadResource(call, 'alert-rule', { file, set, overrides: { name } })
    await call.print(await call.client.call(alertRuleRoutes.create, { body }), columns)
  },
})

const listVerb = verb({
  name: 'list',
  summary: 'List alert rules by name',
  examples: ['hagane alert-rule list -o table'],
  flags: { maxResults: count('-r, --max-results <n>', 'how many at most') },
  run: async (call, { maxResults }) => {
    const found = await collect<AlertRuleResource>(maxResults ?? Number.MAX_SAFE_INTEGER, page =>
      call.client.call(alertRuleRoutes.list, { query: page }),
    )
    await call.print(found, columns)
  },
})

const show = verb({
  name: 'show',
  summary: 'Show an alert rule',
  examples: ['hagane alert-rule show -n failed-jobs'],
  flags: { name: nameFlag },
  run: async (call, { name }) => {
    await call.print(await call.client.call(alertRuleRoutes.show, { params: { name } }), columns)
  },
})

const remove = verb({
  name: 'delete',
  summary: 'Delete an alert rule; what it raised is resolved',
  examples: ['hagane alert-rule delete -n failed-jobs --yes'],
  flags: { name: nameFlag, yes: toggle('-y, --yes', 'do not ask') },
  run: async (call, { name, yes }) => {
    await confirm(`Delete the alert rule ${name}?`, yes, call.surroundings)
    await call.client.call(alertRuleRoutes.delete, { params: { name } })
  },
})

const backtest = verb({
  name: 'backtest',
  summary: 'Replay a rule on history: when and how often it would have fired',
  description: 'The rule need not exist on the server.',
  examples: [
    'hagane alert-rule backtest -f rule.yml --since 30d -o table',
    'hagane alert-rule backtest -f rule.yml --since 30d --set at_least=5 --query fired -o tsv',
  ],
  flags: { ...specFlags, ...periodFlags },
  run: async (call, { file, set, since, until }) => {
    const rule = await loadResource(call, 'alert-rule', { file, set })
    const period = periodOf({ since: since ?? '24h', until })
    const body = { rule, since: period.since ?? '', ...(period.until === undefined ? {} : { until: period.until }) }
    const result = await call.client.call(alertRuleRoutes.backtest, { body })
    const times = `${result.fired} times, ${result.firing_seconds} s in all, on ${result.events} events that counted`
    if (!call.resultIsWanted) return call.print(result)
    call.note(`it would have fired ${times}`)
    if (call.globals.output !== 'table') return call.print(result)
    await call.print(result.firings, [
      ['FiredAt', firing => firing.fired_at],
      ['ResolvedAt', firing => firing.resolved_at],
      ['Events', firing => firing.events],
      ['Summary', firing => firing.summary],
    ])
  },
})

export const noun: Noun = {
  name: 'alert-rule',
  summary: 'When events become an alert',
  verbs: [create, listVerb, show, remove, backtest],
}
