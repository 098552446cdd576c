import { setTimeout as sleep } from 'node:timers/promises'
import { type Flights, sendDays } from './replay.ts'

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

/** Sends these days over and over, as traffic that does not stop, until `work` has ended; `pauseMs` is asked after each. */
export async function underTraffic<T>(
  flights: Flights,
  days: readonly string[],
  work: Promise<T>,
  pauseMs: () => number,
): Promise<T> {
  let ended = false
  const result = work.finally(() => {
    ended = true
  })
  // a failure of the work is thrown below; here it only ends the traffic
  result.catch(() => undefined)
  for (let i = 0; !ended; i = (i + 1) % days.length) {
    await sendDays(flights, days.slice(i, i + 1))
    await Promise.race([sleep(pauseMs()), result.catch(() => undefined)])
  }
  return result
}
