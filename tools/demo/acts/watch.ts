import { setTimeout as sleep } from 'node:timers/promises'
import type { Stage } from './act.ts'
import type { Flights } from './replay.ts'
import { sendDays } from './replay.ts'

const most = 600_000

/** Asks again and again until `found` says what it was; fails after ten minutes. */
export async function until<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
  const end = Date.now() + most
  while (Date.now() < end) {
    const found = await look()
    if (found !== undefined) return found
    await sleep(300)
  }
  throw new Error(`waited ${most / 1000} s for ${what}`)
}

/** Sends these days over and over, as traffic that does not stop, until `work` has ended. */
export async function underTraffic<T>(
  { cli }: Stage,
  endpoint: string,
  flights: Flights,
  days: readonly string[],
  work: Promise<T>,
): Promise<T> {
  let ended = false
  const result = work.finally(() => {
    ended = true
  })
  // a failure of the work is thrown below; here it only ends the traffic
  result.catch(() => undefined)
  for (let i = 0; !ended; i = (i + 1) % days.length) {
    await sendDays(cli, endpoint, flights, days.slice(i, i + 1))
    await Promise.race([sleep(100), result.catch(() => undefined)])
  }
  return result
}
