import { Agent } from 'node:http'
import { type Ask, ask, until } from './callers.ts'

const tickMs = 10

/** Sends so many requests a second whether or not the ones before are answered, until told to stop. */
export function pacedLoad(what: Omit<Ask, 'agent'>, perSecond: number) {
  const agent = new Agent({ keepAlive: true, maxSockets: 256 })
  const statuses: (number | 'broken')[] = []
  const started = performance.now()
  let sent = 0
  const timer = setInterval(() => {
    for (const due = ((performance.now() - started) / 1000) * perSecond; sent < due; sent += 1)
      ask({ ...what, agent }).then(
        reply => statuses.push(reply.status),
        () => statuses.push('broken'),
      )
  }, tickMs)
  return {
    get sent(): number {
      return sent
    },
    /** How often each status was answered, and how many connections broke. */
    counts(): Record<string, number> {
      const groups = Map.groupBy(statuses.map(String), status => status)
      return Object.fromEntries([...groups].map(([status, all]) => [status, all.length]))
    },
    /** Waits until that many more are answered. */
    async more(count: number): Promise<void> {
      const wanted = statuses.length + count
      await until(() => statuses.length >= wanted)
    },
    /** Sends no more and waits for the answers. */
    async stop(): Promise<void> {
      clearInterval(timer)
      await until(() => statuses.length === sent)
      agent.destroy()
    },
  }
}
