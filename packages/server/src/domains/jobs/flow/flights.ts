import { orAborted } from './or-aborted.ts'

/** Identical steps under way: the first computes, the others wait for it and then find its result. */
export interface Flights {
  /** Runs `work` when nobody else is at this key; throws the signal's reason when that aborts while it waits. */
  inTurn(key: string, signal: AbortSignal, work: () => Promise<void>): Promise<void>
  /** Runs `work` at once, and lets those who come later wait for it. */
  now(key: string, work: () => Promise<void>): Promise<void>
}

export function buildFlights(): Flights {
  const underWay = new Map<string, Promise<void>>()
  async function now(key: string, work: () => Promise<void>): Promise<void> {
    const running = work()
    underWay.set(key, running)
    try {
      await running
    } finally {
      if (underWay.get(key) === running) underWay.delete(key)
    }
  }
  return {
    now,
    async inTurn(key, signal, work) {
      for (let first = underWay.get(key); first !== undefined; first = underWay.get(key))
        await orAborted(
          // how the first ends is its own affair
          first.catch(() => undefined),
          signal,
        )
      await now(key, work)
    },
  }
}
