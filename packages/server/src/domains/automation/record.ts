import { type RuleAction, secondsOfDuration } from '@hagane/contract'
import type { Tx } from '../../kernel/db/index.ts'
import { enqueue } from './fire.ts'
import type { RuleNeeds } from './needs.ts'
import { type Outcome, specOf } from './run-context.ts'
import { changeAction, changeRun, endedBefore, type HeldRun } from './run-store.ts'
import type { ActionRow, RunRow } from './tables.ts'

const json = (value: object | undefined) => (value === undefined ? {} : { result: JSON.stringify(value) })

/**
 * Writes down what became of an action, with its event, and what follows for the run: a retry, its end, or the actions that are
 * left out. The caller holds the run and has checked that the action is still the one it was. Queues nothing but retries and
 * time limits: who carries the run on goes on by itself.
 */
export async function record(tx: Tx, needs: RuleNeeds, { run, actions }: HeldRun, row: ActionRow, outcome: Outcome) {
  const action = specOf(run, row)
  const at = tx.now.toISOString()
  const begun = { started_at: row.started_at ?? at }
  switch (outcome.state) {
    case 'waiting': {
      const attempts = row.attempts + 1
      const { waits_for, result } = outcome
      await changeAction(tx, row, { state: 'waiting', attempts, waits_for, error: null, ...json(result), ...begun })
      if (action.timeout !== undefined)
        await enqueue(tx, needs.tasks, run, {
          at: tx.now.getTime() + secondsOfDuration(action.timeout) * 1000,
          payload: { late: row.position, attempts },
        })
      return
    }
    case 'failed':
      return recordFailure(tx, needs, { run, actions }, row, outcome)
    case 'skipped':
      await changeAction(tx, row, { state: 'skipped', reason: outcome.reason, ended_at: at })
      return tell(tx, run, row, outcome)
    case 'succeeded':
      await changeAction(tx, row, {
        ...{ state: 'succeeded', attempts: attemptsOf(row), waits_for: null, error: null, ended_at: at },
        ...json(outcome.result),
        ...begun,
      })
      tell(tx, run, row, outcome)
      if (outcome.stop !== undefined) await leaveOut(tx, actions, row, outcome.stop)
  }
}

/** What is waited for has been counted when it began. */
const attemptsOf = (row: ActionRow): number => (row.state === 'waiting' ? row.attempts : row.attempts + 1)

async function recordFailure(
  tx: Tx,
  needs: RuleNeeds,
  { run, actions }: HeldRun,
  row: ActionRow,
  outcome: Extract<Outcome, { state: 'failed' }>,
): Promise<void> {
  const action = specOf(run, row)
  const attempts = attemptsOf(row)
  const { error, result } = outcome
  const at = tx.now.toISOString()
  const change = { attempts, waits_for: null, error, started_at: row.started_at ?? at, ...json(result) }
  if (attempts <= (action.retry_settings?.max_retries ?? 0)) {
    const not_before = tx.now.getTime() + delayMs(action, attempts)
    await changeAction(tx, row, { ...change, state: 'pending', not_before })
    return enqueue(tx, needs.tasks, run, { at: not_before })
  }
  await changeAction(tx, row, { ...change, state: 'failed', ended_at: at })
  tell(tx, run, row, outcome)
  if (action.on_failure === 'continue') return
  await leaveOut(tx, actions, row, `${row.id} has failed`)
  await changeRun(tx, run, { state: 'failed', error: `${row.id}: ${error}`, ended_at: at })
  tx.append({
    type: 'dev.hagane.rule.run-failed',
    subject: `rule/${run.rule}`,
    data: { rule: run.rule, run: run.number, action: row.id, error, alert: failureAlert(run, 'firing', row.id, error) },
  })
}

/** Doubled with each retry, an hour at most. */
const delayMs = ({ retry_settings }: RuleAction, attempts: number): number =>
  Math.min(3_600_000, secondsOfDuration(retry_settings?.delay ?? '30s') * 1000 * 2 ** (attempts - 1))

function tell(tx: Tx, run: RunRow, { id, kind, position }: ActionRow, outcome: Outcome): void {
  tx.append({
    type: 'dev.hagane.rule.action-completed',
    subject: `rule/${run.rule}`,
    data: { rule: run.rule, run: run.number, action: id, position, kind, ...outcome },
  })
}

async function leaveOut(tx: Tx, actions: readonly ActionRow[], after: ActionRow, reason: string): Promise<void> {
  for (const row of actions)
    if (row.position > after.position && row.state === 'pending')
      await changeAction(tx, row, { state: 'skipped', reason, ended_at: tx.now.toISOString() })
}

/** Ends a run whose actions have all ended; an earlier failure's alert is over. */
export async function complete(tx: Tx, { run, actions }: HeldRun): Promise<void> {
  await changeRun(tx, run, { state: 'completed', ended_at: tx.now.toISOString() })
  const failedBefore = (await endedBefore(tx, run))?.state === 'failed'
  tx.append({
    type: 'dev.hagane.rule.run-completed',
    subject: `rule/${run.rule}`,
    data: {
      ...{ rule: run.rule, run: run.number },
      actions: Object.fromEntries(actions.map(({ id, state }) => [id, state])),
      ...(failedBefore ? { alert: failureAlert(run, 'resolved') } : {}),
    },
  })
}

const failureAlert = ({ rule, number }: RunRow, state: 'firing' | 'resolved', action = '', error = '') => ({
  key: `rule/${rule}/run-failed`,
  state,
  severity: 'error',
  summary:
    state === 'firing'
      ? `Run ${number} of rule ${rule} failed at ${action}: ${error}`.slice(0, 1000)
      : `Run ${number} of rule ${rule} completed`,
  summary_ja:
    state === 'firing'
      ? `ルール ${rule} の実行 ${number} が ${action} で失敗しました: ${error}`.slice(0, 1000)
      : `ルール ${rule} の実行 ${number} が完了しました`,
  group: `rule/${rule}`,
  labels: { rule },
  next_command: `hagane rule run show -n ${rule} --run ${number} -o table`,
})
