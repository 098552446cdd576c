import type { EventRecord, RuleAction } from '@hagane/contract'
import type { Tx, Who } from '../../kernel/db/index.ts'
import type { Values } from './expressions.ts'
import type { ActionRow, RunRow } from './tables.ts'

/** An event as expressions see it. */
export type SeenEvent = Omit<EventRecord, 'prev_hash' | 'hash'>

/** What has become of an action. */
export type Outcome =
  /** It goes on elsewhere; an event about `waits_for` ends it. */
  | { state: 'waiting'; waits_for: string; result: Record<string, unknown> }
  /** `stop` ends the run here, without a failure. */
  | { state: 'succeeded'; result: Record<string, unknown>; stop?: string }
  | { state: 'failed'; error: string; result?: Record<string, unknown> }
  | { state: 'skipped'; reason: string }

/** One action that is to be carried out. */
export interface Context {
  run: RunRow
  row: ActionRow
  action: RuleAction
  values: Values
  who: Who
  /**
   * Writes down what became of the action, in the transaction that made it so. Throws Superseded when somebody else has begun it,
   * which undoes all.
   */
  record(tx: Tx, outcome: Outcome): Promise<void>
}

/** Another server has carried the action out, or the run is over: nothing is left to do here. */
export class Superseded extends Error {}

/** On whose behalf a rule acts, in the chain of its event. */
export const whoOf = ({ workspace, rule, correlation }: Pick<RunRow, 'workspace' | 'rule' | 'correlation'>): Who => ({
  workspace,
  actor: `rule:${rule}`,
  correlation,
})

export const specOf = (run: Pick<RunRow, 'actions'>, { position }: Pick<ActionRow, 'position'>): RuleAction => {
  const action = (JSON.parse(run.actions) as RuleAction[])[position]
  if (action === undefined) throw new Error(`the run has no action ${position}`)
  return action
}

/** What expressions of a run may name. */
export const valuesOf = (
  run: Pick<RunRow, 'event' | 'rule' | 'number' | 'correlation'>,
  actions: readonly Pick<ActionRow, 'id' | 'state' | 'result' | 'error'>[],
): Values => ({
  event: JSON.parse(run.event),
  rule: { name: run.rule },
  run: { number: run.number, name: `${run.rule}-${run.number}`, correlation_id: run.correlation },
  actions: Object.fromEntries(
    actions.map(({ id, state, result, error }) => [
      id,
      { state, result: result === null ? {} : JSON.parse(result), ...(error === null ? {} : { error }) },
    ]),
  ),
})

/** What set a chain of steps off: the event says it, or it is the first. */
export const correlationOf = (event: Pick<EventRecord, 'id' | 'data'>): string =>
  typeof event.data.correlation_id === 'string' ? event.data.correlation_id : event.id
