import type { RuleResource, RuleRun, RuleTest } from '@hagane/contract'
import type { Column } from '../output/table.ts'

export const ruleColumns: readonly Column<RuleResource>[] = [
  ['Name', rule => rule.name],
  ['On', rule => Object.keys(rule.on).join(', ')],
  ['Does', rule => rule.do.map(action => String(action.id)).join(' → ')],
  ['Enabled', rule => rule.is_enabled],
  ['NextTime', rule => rule.next_time],
  ['LastRun', ({ last_run: last }) => (last === undefined ? undefined : `${last.number} ${last.state}`)],
]

/** What stands of an action in one line. */
function actionText({ id, state, waits_for, error, reason }: RuleRun['actions'][number]): string {
  const more = state === 'waiting' ? waits_for : (error ?? (state === 'skipped' ? reason : undefined))
  return `${id}: ${state}${more === undefined ? '' : ` (${more})`}`
}

export const runColumns: readonly Column<RuleRun>[] = [
  ['Run', run => run.number],
  ['State', run => run.state],
  ['Started', run => run.start_time],
  ['Event', run => `${run.event.seq === 0 ? '' : `${run.event.seq} `}${run.event.type}`],
  ['Subject', run => run.event.subject],
  ['Actions', run => run.message ?? run.actions.map(actionText).join('; ')],
]

type Action = RuleRun['actions'][number]
export const actionColumns: readonly Column<Action>[] = [
  ['Action', action => action.id],
  ['Does', action => action.kind],
  ['State', action => action.state],
  ['Attempts', action => action.attempts],
  ['Started', action => action.start_time],
  ['Ended', action => action.end_time],
  ['Outcome', action => action.error ?? action.reason ?? action.waits_for ?? resultText(action.result)],
]

/** The parts of a result that are short. */
function resultText(result: Record<string, unknown> | undefined): string | undefined {
  if (result === undefined) return undefined
  return Object.entries(result)
    .filter(([, value]) => typeof value !== 'object')
    .map(([key, value]) => `${key}=${String(value)}`)
    .join(' ')
}

interface TestLine {
  part: string
  verdict: string
  detail: string | undefined
}

export const testColumns: readonly Column<TestLine>[] = [
  ['Part', line => line.part],
  ['Verdict', line => line.verdict],
  ['Detail', line => line.detail],
]

/** A test as lines of a table: each filter, then each action. */
export const testLines = ({ checks, actions, fires }: RuleTest): TestLine[] => [
  ...checks.map(({ what, holds, detail }) => ({ part: what, verdict: holds ? 'holds' : 'does not hold', detail })),
  {
    part: 'the rule',
    verdict: fires ? 'fires' : 'does not fire',
    detail: fires ? undefined : 'so nothing below happens',
  },
  ...actions.map(({ id, kind, verdict, detail }) => ({ part: `${id} (${kind})`, verdict, detail })),
]
