import type { Database } from '../../kernel/db/index.ts'

/** Another server on the same database tells us nothing: then this is how late we notice. */
const POLL_MS = 500

/** Resolves soon after this server has appended events, at the latest after `ms`, and at once when nobody waits any more. */
export function untilEvent(db: Database, ms: number, signal: AbortSignal, pollMs = POLL_MS): Promise<void> {
  return new Promise(resolve => {
    const done = () => {
      clearTimeout(timer)
      unsubscribe()
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, Math.min(ms, pollMs))
    const unsubscribe = db.onEvents(done)
    signal.addEventListener('abort', done, { once: true })
  })
}
