import type { Logger } from '../../kernel/log.ts'

const everyMs = 10_000

/**
 * Calls `act` at every full ten seconds of the clock, so that what processes tell falls into the same stretches of time;
 * one call at a time, and a failure is logged and forgotten.
 */
export function everyTenSeconds(act: () => Promise<void>, log: Logger): { stop(): Promise<void> } {
  let timer: NodeJS.Timeout
  let running: Promise<void> = Promise.resolve()
  let stopped = false
  const next = (): void => {
    if (!stopped) timer = setTimeout(round, everyMs - (Date.now() % everyMs)).unref()
  }
  const round = (): void => {
    running = act()
      .catch((error: unknown) =>
        log.warn({ err: error }, 'service metrics could not be taken; the next try is in ten seconds'),
      )
      .finally(next)
  }
  next()
  return {
    async stop() {
      stopped = true
      clearTimeout(timer)
      await running
    },
  }
}
