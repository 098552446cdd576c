export type Listener = (line: string) => void

/** One piece of work that several callers wait for. */
interface Flight<T> {
  /** Resolves when the work has ended, well or not. */
  readonly ended: Promise<void>
  abort(reason: Error): void
  join(onLine: Listener | undefined, signal: AbortSignal | undefined): Promise<T>
}

export interface SharedWork<T> {
  /** The result of the work of this key: of what is running already, else of `work`, begun now. */
  join(
    key: string,
    work: (onLine: Listener, signal: AbortSignal) => Promise<T>,
    onLine?: Listener,
    signal?: AbortSignal,
  ): Promise<T>
  has(key: string): boolean
  /** Aborts all work and resolves when it has ended. */
  stop(reason: Error): Promise<void>
}

/**
 * Shares running work by key: who asks for the same thing meanwhile waits for it and hears its log from there on. The work is
 * aborted only when every caller has gone.
 */
export function shareWork<T>(): SharedWork<T> {
  const flights = new Map<string, Flight<T>>()
  const unfinished = new Set<Flight<T>>()
  return {
    join(key, work, onLine, signal) {
      const running = flights.get(key)
      if (running !== undefined) return running.join(onLine, signal)
      const flight = start(work, () => {
        if (flights.get(key) === flight) flights.delete(key)
      })
      flights.set(key, flight)
      unfinished.add(flight)
      void flight.ended.then(() => unfinished.delete(flight))
      return flight.join(onLine, signal)
    },
    has: key => flights.has(key),
    async stop(reason) {
      for (const flight of unfinished) flight.abort(reason)
      await Promise.all([...unfinished].map(flight => flight.ended))
    },
  }
}

/** `left` is called when the work ended or nobody waits any more; a later caller then starts afresh. */
function start<T>(work: (onLine: Listener, signal: AbortSignal) => Promise<T>, left: () => void): Flight<T> {
  const listeners = new Set<Listener>()
  const all = new AbortController()
  let waiting = 0
  const broadcast: Listener = line => {
    for (const listener of listeners) listener(line)
  }
  const result = Promise.resolve().then(() => work(broadcast, all.signal))
  const ended = result.then(left, left)
  const leave = (reason: unknown) => {
    waiting -= 1
    if (waiting > 0) return
    left()
    all.abort(reason)
  }
  return {
    ended,
    abort: reason => all.abort(reason),
    async join(onLine, signal) {
      signal?.throwIfAborted()
      waiting += 1
      const listener: Listener = line => onLine?.(line)
      listeners.add(listener)
      const gone = Promise.withResolvers<never>()
      const abort = () => gone.reject(signal?.reason)
      signal?.addEventListener('abort', abort, { once: true })
      try {
        return await Promise.race([result, gone.promise])
      } finally {
        signal?.removeEventListener('abort', abort)
        listeners.delete(listener)
        leave(signal?.reason)
      }
    },
  }
}
