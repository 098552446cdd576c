import { setTimeout as pause } from 'node:timers/promises'
import { isUnreachable } from '../failure.ts'

const patienceMs = 60_000
const firstPauseMs = 250
const longestPauseMs = 4000

/**
 * Calls again while the server does not answer, for a minute: jobs outlive a server that restarts, and so should those
 * who watch them. `onLost` is called once per outage.
 */
export async function persistently<T>(ask: () => Promise<T>, onLost: () => void, signal: AbortSignal): Promise<T> {
  const start = Date.now()
  for (let wait = firstPauseMs; ; wait = Math.min(wait * 2, longestPauseMs)) {
    try {
      return await ask()
    } catch (error) {
      if (signal.aborted || !isLost(error) || Date.now() - start > patienceMs) throw error
      if (wait === firstPauseMs) onLost()
      await pause(wait, undefined, { signal })
    }
  }
}

/** No server, or one that went away in the middle of an answer (fetch then fails with a TypeError). */
const isLost = (error: unknown) => isUnreachable(error) || (error instanceof TypeError && error.cause !== undefined)
