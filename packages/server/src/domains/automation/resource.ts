import type { RuleResource, RuleRun, RuleRunAction } from '@hagane/contract'
import { optional } from '../../kernel/optional.ts'
import { creationContextOf } from '../../kernel/stamps.ts'
import { limitsOf, triggerOf } from './decide.ts'
import type { ActionRow, Held, RuleRow, RunRow } from './tables.ts'

/** A rule as the API shows it; its `on` and `do` may be written back. */
export function toResource(row: RuleRow, last: RunRow | undefined): RuleResource {
  const on = triggerOf(row)
  return {
    id: `azureml:${row.name}`,
    name: row.name,
    ...optional('display_name', row.display_name),
    ...optional('description', row.description),
    tags: JSON.parse(row.tags),
    properties: JSON.parse(row.properties),
    on,
    ...limitsOf(row),
    is_enabled: row.is_enabled === 1,
    do: JSON.parse(row.actions),
    ...(row.next_tick === null ? {} : { next_time: new Date(row.next_tick).toISOString() }),
    ...heldOf(row),
    ...(on.git === undefined ? {} : { hook: hookPath(row) }),
    ...(last === undefined
      ? {}
      : { last_run: { number: Number(last.number), state: last.state, time: last.started_at } }),
    etag: String(row.revision),
    creation_context: creationContextOf(row),
  }
}

/** Where a git host sends its pushes for a rule. */
export const hookPath = ({ workspace, name }: Pick<RuleRow, 'workspace' | 'name'>): string =>
  `${workspace === 'default' ? '' : `/ws/${encodeURIComponent(workspace)}`}/api/v1/hooks/git/${encodeURIComponent(name)}`

function heldOf({ held, held_until }: RuleRow): Pick<RuleResource, 'pending'> {
  if (held === null || held_until === null) return {}
  return { pending: { events: (JSON.parse(held) as Held).count, until: new Date(held_until).toISOString() } }
}

export function toRun(run: RunRow, actions: readonly ActionRow[]): RuleRun {
  const { seq, id, type, subject } = JSON.parse(run.event) as RuleRun['event']
  return {
    rule: run.rule,
    number: Number(run.number),
    state: run.state,
    ...optional('reason', run.reason),
    ...optional('message', run.message),
    events: Number(run.events),
    event: { seq, id, type, subject },
    correlation_id: run.correlation,
    ...optional('error', run.error),
    start_time: run.started_at,
    ...optional('end_time', run.ended_at),
    actions: actions.map(toAction),
  }
}

const toAction = (row: ActionRow): RuleRunAction => ({
  id: row.id,
  kind: row.kind,
  state: row.state,
  attempts: row.attempts,
  ...optional('waits_for', row.waits_for),
  ...(row.result === null ? {} : { result: JSON.parse(row.result) }),
  ...optional('error', row.error),
  ...optional('reason', row.reason),
  ...optional('start_time', row.started_at),
  ...optional('end_time', row.ended_at),
})
