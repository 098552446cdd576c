import { decide, timetableOf } from '../schedules/index.ts'
import { release, triggerOf } from './decide.ts'
import { DUE } from './matching.ts'
import type { RuleNeeds } from './needs.ts'
import { dueRules } from './reads.ts'
import { moveRule, ruleForUpdate } from './store.ts'
import type { RuleRow } from './tables.ts'

const POLL_MS = 1000

export interface Ticker {
  start(): void
  /** Carries out all that is due by now. */
  poll(): Promise<void>
  stop(): Promise<void>
}

/** Looks every second for times of schedules and for debounces that are over. The rows are the truth. */
export function buildTicker(needs: RuleNeeds): Ticker {
  let timer: NodeJS.Timeout | undefined
  let polling: Promise<void> | undefined
  const look = async (): Promise<void> => {
    const now = needs.db.clock.now().getTime()
    for (const rule of await dueRules(needs.db, now)) {
      try {
        if (rule.next_tick !== null && rule.next_tick <= now) await tick(needs, rule)
        if (rule.held_until !== null && rule.held_until <= now) await release(needs, rule)
      } catch (error) {
        needs.log.warn(
          { err: error, rule: rule.name },
          'a rule that is due could not be carried on; it will be tried again',
        )
      }
    }
  }
  const poll = (): Promise<void> => {
    polling ??= look().finally(() => {
      polling = undefined
    })
    return polling
  }
  const wake = (): void =>
    void poll().catch(error => needs.log.error({ err: error }, 'looking for due rules failed; it will be tried again'))
  return {
    poll,
    start() {
      timer = setInterval(wake, POLL_MS)
      wake()
    },
    async stop() {
      clearInterval(timer)
      await polling?.catch(() => undefined)
    },
  }
}

/** A time of a rule's schedule becomes an event, in one transaction with the step to the next; of those missed, the newest. */
async function tick(needs: RuleNeeds, rule: RuleRow): Promise<void> {
  const { schedule } = triggerOf(rule)
  if (schedule === undefined || rule.next_tick === null) return
  const times = timetableOf(schedule, new Date(rule.created_at))
  const { run, skipped, next } = decide(times, new Date(rule.next_tick), needs.db.clock.now(), 'latest')
  const who = { workspace: rule.workspace, actor: `rule:${rule.name}` }
  await needs.db.withTransaction(who, async tx => {
    const now = await ruleForUpdate(tx, rule.name)
    if (now?.id !== rule.id || now.next_tick !== rule.next_tick || now.revision !== rule.revision) return
    if (run !== undefined)
      tx.append({
        type: DUE,
        subject: `rule/${rule.name}`,
        data: {
          ...{ rule: rule.name, time: run.toISOString() },
          ...(skipped === undefined
            ? {}
            : { missed: { from: skipped.from.toISOString(), to: skipped.to.toISOString() } }),
        },
      })
    await moveRule(tx, now, { next_tick: next?.getTime() ?? null })
  })
}
