import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { buildNotifications } from '../../packages/server/src/domains/notifications/index.ts'
import { type Database, openDatabase, type Tx } from '../../packages/server/src/kernel/db/index.ts'
import { migrate } from '../../packages/server/src/kernel/db/migrate.ts'
import { buildLog } from '../../packages/server/src/kernel/log.ts'
import { openSecrets } from '../../packages/server/src/kernel/secrets.ts'
import { migrations } from '../../packages/server/src/migrations/index.ts'
import type { Bench, Row } from '../bench.ts'

const [rate, seconds, webhooks, subjects] = [1000, 15, 10, 200]
const who = { workspace: 'default', actor: 'user:bench' }

interface Count {
  seen: number
  twice: number
  /** Milliseconds of processor time that the receiver has used. */
  processorMs: number
  /** 99th percentile of milliseconds from an event to its arrival, since the last question. */
  lag: number
}

/** Events of a busy server to ten webhooks, and what an event adds to the change that it tells of. */
export const events: Bench = {
  name: 'events',
  about: 'events sealed beside a change, and delivered to ten webhooks',
  async run({ folder, say }) {
    const db = openDatabase(join(folder, 'hagane.db'), { now: () => new Date() })
    await migrate(db, migrations)
    try {
      say('changes with and without an event')
      const sealing = await sealed(db)
      say(`${rate} events/s to ${webhooks} webhooks for ${seconds} s`)
      return [...sealing, ...(await delivered(db, folder))]
    } finally {
      await db.close()
    }
  },
}

const percentile = (values: readonly number[], share: number): number =>
  [...values].sort((a, b) => a - b)[Math.floor((values.length - 1) * share)] ?? Number.NaN

/** Turn by turn: what the 99th percentile of a transaction grows by when it appends an event. */
async function sealed(db: Database): Promise<Row[]> {
  const times = { without: [] as number[], with: [] as number[] }
  const processor = { without: [] as number[], with: [] as number[] }
  const change = async (tx: Tx, n: number) => {
    const row = { name: `bench-${n % 100}`, cursor: n }
    await tx.db
      .insertInto('consumers')
      .values(row)
      .onConflict(conflict => conflict.column('name').doUpdateSet(row))
      .execute()
  }
  for (let n = 0; n < 8000; n++) {
    const kind = n % 2 === 0 ? 'without' : 'with'
    const [started, before] = [performance.now(), process.threadCpuUsage()]
    await db.withTransaction(
      who,
      async tx => {
        await change(tx, n)
        if (kind === 'with')
          tx.append({ type: 'dev.hagane.bench.changed', subject: `bench/${n % 100}`, data: payload(n) })
      },
      'relaxed',
    )
    const { user, system } = process.threadCpuUsage(before)
    if (n < 1000) continue
    times[kind].push(performance.now() - started)
    processor[kind].push((user + system) / 1000)
  }
  const added = (of: typeof times, share: number) => percentile(of.with, share) - percentile(of.without, share)
  const row = (of: typeof times, what: string): Row => ({
    ...{ work: `sealing and writing an event beside a change, ${what}`, unit: 'ms', ours: added(of, 0.99) },
    ...{ target: { bound: 1 }, note: `median ${added(of, 0.5).toFixed(3)} ms` },
  })
  return [row(times, 'p99'), row(processor, 'p99 of processor time')]
}

const payload = (n: number) => ({ n, status: 'Completed', note: 'x'.repeat(200) })

async function delivered(db: Database, folder: string): Promise<Row[]> {
  const receiver = fork(join(import.meta.dirname, '../measure/event-receiver.ts'))
  const [{ port }] = (await once(receiver, 'message')) as [{ port: number }]
  const notifications = buildNotifications({
    ...{ db, log: buildLog('warn'), secrets: openSecrets(folder), serverId: 'bench', url: () => 'http://127.0.0.1' },
    ...{ allowPrivateUrls: true, smtp: undefined, run: async () => undefined, metric: async () => undefined },
    deliveryLog: { size: 10_000, seconds: 86_400 },
  })
  try {
    for (let n = 0; n < webhooks; n++)
      await notifications.subscribe(who, {
        name: `w${n}`,
        on: { types: ['dev.hagane.bench.happened'] },
        channel: { type: 'webhook', url: `http://127.0.0.1:${port}/${n}`, format: 'structured' },
      })
    notifications.start()
    return await flood(db, receiver)
  } finally {
    await notifications.stop()
    receiver.disconnect()
  }
}

async function flood(db: Database, receiver: ChildProcess): Promise<Row[]> {
  const ask = async (): Promise<Count> => {
    receiver.send('count')
    return ((await once(receiver, 'message')) as [Count])[0]
  }
  const started = performance.now()
  const processor = process.cpuUsage()
  const counts: Count[] = []
  let sent = 0
  while (sent < rate * seconds) {
    const due = Math.min(rate * seconds, Math.floor(((performance.now() - started) / 1000) * rate))
    const second = Math.floor(sent / rate)
    const append = (n: number) =>
      db.withTransaction(who, async tx =>
        tx.append({ type: 'dev.hagane.bench.happened', subject: `bench/${n % subjects}`, data: payload(n) }),
      )
    // callers of a server do not wait for each other: their commits share a sync
    await Promise.all(Array.from({ length: due - sent }, (_, i) => append(sent + i)))
    sent = due
    if (Math.floor(sent / rate) > second) counts.push(await ask())
    await pause(2)
  }
  const written = (performance.now() - started) / 1000
  let last = await ask()
  const deadline = performance.now() + 60_000
  while (last.seen < sent * webhooks && performance.now() < deadline) {
    await pause(50)
    const { lag, ...more } = await ask()
    last = { ...more, lag: Math.max(lag, last.lag) }
  }
  const took = (performance.now() - started) / 1000
  const { user, system } = process.cpuUsage(processor)
  return rowsOf({ counts, last, sent, written, took, processorMs: (user + system) / 1000 })
}

interface Flood {
  counts: Count[]
  last: Count
  sent: number
  written: number
  took: number
  processorMs: number
}

function rowsOf({ counts, last, sent, written, took, processorMs }: Flood): Row[] {
  const lost = sent * webhooks - last.seen
  const lags = counts.slice(2).map(count => count.lag)
  const work = `${rate} events/s to ${webhooks} webhooks`
  const note = `${lost} lost, ${last.twice} twice; events written in ${written.toFixed(1)} s, all delivered after ${took.toFixed(1)} s`
  const cost = {
    work: `${work}, processor time of a delivery`,
    unit: 'ms',
    ours: processorMs / last.seen,
  } as const
  const receiving = (last.processorMs / last.seen).toFixed(3)
  return [
    { ...cost, note: `with writing the events; ${receiving} ms more in the receivers, on the same processors` },
    {
      ...{
        work: `${work}, deliveries`,
        unit: 'requests/s',
        ours: last.seen / took,
        target: { bound: rate * webhooks * 0.95 },
      },
      note,
    },
    {
      ...{
        work: `${work}, lag p99 of the last third`,
        unit: 'ms',
        ours: percentile(lags.slice(-5), 0.5),
        target: { bound: 1000 },
      },
      note: `of the first third ${percentile(lags.slice(0, 5), 0.5)} ms`,
    },
  ]
}
