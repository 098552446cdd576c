import { setTimeout as sleep } from 'node:timers/promises'
import { carryOut, decisionOn, giveUp } from './fire.ts'
import type { ScheduleNeeds } from './needs.ts'
import { dueSchedules } from './reads.ts'
import type { ScheduleRow } from './tables.ts'

const POLL_MS = 1000
/** Schedules carried out at once; each may have to read data for its plan. */
const AT_ONCE = 4
/** A time that fails this often without a reason of its own is given up, so that the ones behind it get their turn. */
const MOST_TRIES = 6

export interface Ticker {
  start(): void
  /** Carries out all that is due by now; resolves when that is done. */
  poll(): Promise<void>
  stop(): Promise<void>
}

/** Looks every second for times that are due. The rows are the truth; a server that dies leaves nothing to mend. */
export function buildTicker(needs: ScheduleNeeds): Ticker {
  const held = new Map<string, Promise<void>>()
  const tries = new Map<string, { count: number; notBefore: number }>()
  let timer: NodeJS.Timeout | undefined
  let stopped = false
  let polling: Promise<void> | undefined
  let again = false

  const attempt = async (row: ScheduleRow): Promise<void> => {
    const key = `${row.id}/${row.next_tick}`
    try {
      await carryOut(needs, row)
      tries.delete(key)
    } catch (error) {
      const count = (tries.get(key)?.count ?? 0) + 1
      needs.log.warn({ err: error, schedule: row.name, try: count }, 'the time of a schedule could not be carried out')
      if (count < MOST_TRIES) return void tries.set(key, { count, notBefore: Date.now() + 500 * 2 ** count })
      tries.delete(key)
      await giveUp(needs, row, decisionOn(needs, row), error instanceof Error ? error.message : String(error))
    }
  }
  const begin = (row: ScheduleRow): void => {
    const work = attempt(row)
      .catch(error => needs.log.error({ err: error, schedule: row.name }, 'a schedule could not be moved on'))
      .finally(() => held.delete(row.id))
    held.set(row.id, work)
  }
  const drain = async (): Promise<void> => {
    for (;;) {
      const due = await dueSchedules(needs.db, needs.db.clock.now(), 1000)
      const ready = due.filter(
        row => !held.has(row.id) && (tries.get(`${row.id}/${row.next_tick}`)?.notBefore ?? 0) <= Date.now(),
      )
      if (stopped || (ready.length === 0 && held.size === 0)) return
      for (const row of ready.slice(0, AT_ONCE - held.size)) begin(row)
      // a slow one must not keep out those that become due meanwhile
      await Promise.race([...held.values(), sleep(POLL_MS, undefined, { ref: false })])
    }
  }
  const poll = (): Promise<void> => {
    again = true
    polling ??= (async () => {
      while (again && !stopped) {
        again = false
        await drain()
      }
    })().finally(() => {
      polling = undefined
    })
    return polling
  }
  const wake = (): void => {
    if (timer === undefined || stopped) return
    poll().catch(error => needs.log.error({ err: error }, 'looking for due schedules failed; it will be tried again'))
  }
  return {
    poll,
    start() {
      timer = setInterval(wake, POLL_MS)
      wake()
    },
    async stop() {
      stopped = true
      clearInterval(timer)
      await polling?.catch(() => undefined)
      await Promise.all(held.values())
    },
  }
}
