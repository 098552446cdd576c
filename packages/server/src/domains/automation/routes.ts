import { ruleRoutes } from '@hagane/contract'
import { type BoundRoute, checkIfMatch, implement } from '../../kernel/http/index.ts'
import { dryRun } from './dry-run.ts'
import { gitHook } from './git-hook.ts'
import type { RuleNeeds } from './needs.ts'
import { hookPath } from './resource.ts'
import { cancelRun, changeExisting, putRule, removeRule, renewSecret, triggerNow } from './service.ts'
import { pageOfRules, pageOfRuns, runOf, showRule, showRun } from './views.ts'

/** The HTTP face of rules. */
export const bindRoutes = (needs: RuleNeeds): BoundRoute[] => [
  implement(ruleRoutes.create, async call => {
    await putRule(needs, call, call.body)
    return showRule(needs, call.workspace, call.body.rule.name)
  }),
  implement(ruleRoutes.list, call => pageOfRules(needs, call.workspace, call.query)),
  implement(ruleRoutes.show, call => showRule(needs, call.workspace, call.params.name)),
  implement(ruleRoutes.update, async call => {
    const { name } = call.params
    await changeExisting(needs, call, name, call.body, row => checkIfMatch(call, String(row.revision)))
    return showRule(needs, call.workspace, name)
  }),
  implement(ruleRoutes.delete, async call => {
    await removeRule(needs, call, call.params.name)
    return { ok: true as const }
  }),
  implement(ruleRoutes.secret, async call => {
    const { name } = call.params
    const secret = await renewSecret(needs, call, name, call.body.secret)
    return { url: `${needs.url()}${hookPath({ workspace: call.workspace, name })}`, secret }
  }),
  implement(ruleRoutes.trigger, async call => {
    const { row, number } = await triggerNow(needs, call, call.params.name, call.body)
    return runOf(needs, row, number)
  }),
  implement(ruleRoutes.test, call => dryRun(needs, call.workspace, call.params.name, call.query.event)),
  implement(ruleRoutes.runs, call => pageOfRuns(needs, call.workspace, call.params.name, call.query)),
  implement(ruleRoutes.run, call => showRun(needs, call.workspace, call.params.name, call.params.number)),
  implement(ruleRoutes.cancel, async call => {
    const { name, number } = call.params
    await cancelRun(needs, call, name, number)
    return showRun(needs, call.workspace, name, number)
  }),
  gitHook(needs),
]
