import type { RuleNeeds } from '../needs.ts'
import type { Context, Outcome } from '../run-context.ts'
import type { ActionRow, RunRow } from '../tables.ts'

/** What an attempt of an action is known by to others who are to do it once. */
export const keyOf = (run: RunRow, { position, attempts }: ActionRow): string =>
  `rule/${run.rule_id}/${run.number}/${position}/${attempts}`

/** How an action of one kind is carried out. */
export interface Performer {
  /**
   * Carries the action out, or begins it, and records what became of it. It may be called again after a crash, so what it does
   * either commits together with `record`, or is done once by a key of the run.
   */
  begin(needs: RuleNeeds, context: Context): Promise<void>
  /** What became of what an action waits for; undefined while it goes on. Reads, and changes nothing. */
  ended?(needs: RuleNeeds, run: RunRow, row: ActionRow): Promise<Outcome | undefined>
}
