import { kindOfAction, type RuleAction, type RuleSkipReason } from '@hagane/contract'
import type { Tx } from '../../kernel/db/index.ts'
import type { Tasks } from '../../kernel/tasks/index.ts'
import type { SeenEvent } from './run-context.ts'
import { changeRun, insertRun, newestRun, runsInChain } from './run-store.ts'
import type { ActionRow, RuleRow, RunRow } from './tables.ts'

/** Tasks that carry a run on. */
export const RULE_TASK = 'rule-run'

/** What sets a run off. */
export interface Cause {
  event: SeenEvent
  correlation: string
  /** How many events it stands for. */
  events: number
}

/** Stores a run with its actions, tells of it and queues it, all in the caller's transaction, which holds the rule. */
export async function fire(tx: Tx, tasks: Tasks, rule: RuleRow, cause: Cause, more: Record<string, unknown> = {}) {
  const before = await newestRun(tx, rule.id)
  const number = Number(before?.number ?? 0) + 1
  const specs = JSON.parse(rule.actions) as RuleAction[]
  const run = { ...runOf(tx, rule, cause, number), actions: rule.actions, git: rule.git, experiment: rule.experiment }
  await insertRun(
    tx,
    run,
    specs.map((action, position) => pending(rule, number, action, position)),
  )
  const { seq, id, type, subject } = cause.event
  tx.append({
    type: 'dev.hagane.rule.fired',
    subject: `rule/${rule.name}`,
    data: {
      ...{ rule: rule.name, run: number, event: { seq, id, type, subject } },
      ...(cause.events > 1 ? { events: cause.events } : {}),
      ...(before?.state === 'skipped' ? { skipped_before: Number(before.events) } : {}),
      ...more,
    },
  })
  await enqueue(tx, tasks, run)
  return run
}

/** Has a run carried on, now or at a time. */
export const enqueue = (
  tx: Tx,
  tasks: Tasks,
  { rule_id, number }: Pick<RunRow, 'rule_id' | 'number'>,
  later: { at?: number; payload?: Record<string, unknown> } = {},
): Promise<void> =>
  tasks.enqueue(tx, {
    kind: RULE_TASK,
    subject: `${rule_id}/${number}`,
    payload: { rule_id, number, ...later.payload },
    maxAttempts: 30,
    ...(later.at === undefined ? {} : { runAfter: new Date(later.at) }),
  })

/**
 * Notes that a rule was set off and did not fire. Several in a row for the same reason are one note that counts them, and one
 * event; a loop is told of once in a chain.
 */
export async function skip(
  tx: Tx,
  rule: RuleRow,
  cause: Cause,
  reason: RuleSkipReason,
  message: string,
): Promise<void> {
  const before = await newestRun(tx, rule.id)
  const repeated =
    reason === 'loop'
      ? (await runsInChain(tx, rule.id, cause.correlation)).find(run => run.reason === 'loop')
      : before?.state === 'skipped' && before.reason === reason
        ? before
        : undefined
  if (repeated !== undefined) {
    const key = { rule_id: rule.id, number: Number(repeated.number) }
    if (repeated.number === before?.number) await changeRun(tx, key, { events: Number(before.events) + cause.events })
    return
  }
  const number = Number(before?.number ?? 0) + 1
  const at = tx.now.toISOString()
  await insertRun(
    tx,
    {
      ...runOf(tx, rule, cause, number),
      ...{ state: 'skipped', reason, message, ended_at: at, actions: '[]', git: null, experiment: null },
    },
    [],
  )
  const { seq, id, type, subject } = cause.event
  const data = { rule: rule.name, run: number, reason, message, event: { seq, id, type, subject } }
  if (reason === 'loop')
    tx.append({ ...about(rule, 'loop-stopped'), data: { ...data, alert: loopAlert(rule.name, message) } })
  else tx.append({ ...about(rule, 'skipped'), data })
}

const about = ({ name }: RuleRow, what: string) => ({ type: `dev.hagane.rule.${what}`, subject: `rule/${name}` })

const loopAlert = (rule: string, message: string) => ({
  key: `rule/${rule}/loop`,
  state: 'firing',
  severity: 'warning',
  summary: `Rule ${rule} was stopped in a loop: ${message}`,
  summary_ja: `ルール ${rule} はループを検出したため停止しました（max_depth の上限）`,
  group: `rule/${rule}`,
  labels: { rule },
  next_command: `hagane rule runs -n ${rule} -o table`,
})

const runOf = (tx: Tx, rule: RuleRow, { event, events, correlation }: Cause, number: number) =>
  ({
    ...{ rule_id: rule.id, number, workspace: rule.workspace, rule: rule.name },
    ...{ state: 'running', reason: null, message: null, error: null },
    ...{ events, event_seq: event.seq, event: JSON.stringify(event), correlation },
    ...{ started_at: tx.now.toISOString(), started_ms: tx.now.getTime(), ended_at: null },
  }) satisfies Omit<RunRow, 'actions' | 'git' | 'experiment'>

const pending = (
  { id: rule_id, workspace }: RuleRow,
  number: number,
  action: RuleAction,
  position: number,
): ActionRow => ({
  ...{ rule_id, number, position, workspace, id: action.id, kind: kindOfAction(action), state: 'pending', attempts: 0 },
  ...{ not_before: null, waits_for: null, result: null, error: null, reason: null, started_at: null, ended_at: null },
})
