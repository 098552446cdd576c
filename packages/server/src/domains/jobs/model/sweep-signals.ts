/** Tells the driver of a sweep that something has happened to its trials. Hints only: it looks by itself as well. */
export interface SweepSignals {
  wake(workspace: string, sweep: string): void
  /** Wakes the sweep that a run is a trial of, if anybody waits for that; trials are named `<sweep>_<n>`. */
  wakeByTrial(workspace: string, run: string): void
  /** Listens from now on: `wait` answers as soon as something happened since it answered last, else after `ms` or on abort. */
  listen(workspace: string, sweep: string): { wait(ms: number, signal: AbortSignal): Promise<void>; end(): void }
}

interface Listener {
  happened: boolean
  heard?: () => void
}

export function buildSweepSignals(): SweepSignals {
  const listeners = new Map<string, Listener>()
  const wake = (workspace: string, sweep: string): void => {
    const listener = listeners.get(`${workspace}/${sweep}`)
    if (listener === undefined) return
    listener.happened = true
    listener.heard?.()
  }
  return {
    wake,
    wakeByTrial(workspace, run) {
      const sweep = /^(.+)_\d+$/.exec(run)?.[1]
      if (sweep !== undefined) wake(workspace, sweep)
    },
    listen(workspace, sweep) {
      const key = `${workspace}/${sweep}`
      const mine: Listener = { happened: false }
      listeners.set(key, mine)
      return {
        wait: (ms, signal) => waitFor(mine, ms, signal),
        end: () => void (listeners.get(key) === mine && listeners.delete(key)),
      }
    },
  }
}

async function waitFor(mine: Listener, ms: number, signal: AbortSignal): Promise<void> {
  if (!mine.happened && !signal.aborted)
    await new Promise<void>(resolve => {
      const timer = setTimeout(resolve, ms)
      mine.heard = () => {
        clearTimeout(timer)
        resolve()
      }
      signal.addEventListener('abort', mine.heard, { once: true })
    })
  if (mine.heard !== undefined) signal.removeEventListener('abort', mine.heard)
  delete mine.heard
  mine.happened = false
}
