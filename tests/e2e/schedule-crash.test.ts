import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { createClient, jobRoutes, scheduleRoutes, terminalStatuses } from '@hagane/contract'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type RunningServer, startServer, stopServer } from '../../tools/demo/server.ts'

const SCHEDULES = 24
const KILLS = 6

let dataDir = ''
let server: RunningServer | undefined
beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'hagane-schedule-crash-'))
})
afterAll(async () => {
  if (server !== undefined) await stopServer(server)
  await rm(dataDir, { recursive: true, force: true, maxRetries: 10 })
})

const pidOf = async (): Promise<number> =>
  JSON.parse(await readFile(join(dataDir, 'server.json'), 'utf8')).pid as number

it('creates one job for each time, and its step runs once, although the server is killed again and again while times come', async () => {
  server = await startServer(dataDir, { timeoutMs: 240_000 })
  const ran = join(dataDir, 'ran')
  const client = createClient({ url: server.url })
  const begin = Date.now() + 4000
  const names = Array.from({ length: SCHEDULES }, (_, i) => `s${i}`)
  for (const [i, name] of names.entries()) {
    const start_time = `${new Date(begin + Math.floor(i / 2) * 1000).toISOString().slice(0, 19)}Z`
    const trigger = { type: 'recurrence', frequency: 'month', interval: 1, start_time } as const
    const create_job = { type: 'command', command: `echo ${name} >> ${ran}` } as const
    await client.call(scheduleRoutes.create, { body: { schedule: { name, trigger, create_job } } })
  }
  for (let i = 0; i < KILLS; i++) {
    await setTimeout(900 + 170 * i)
    process.kill(await pidOf(), 'SIGKILL')
    await setTimeout(100)
    server = await startServer(dataDir, { timeoutMs: 240_000 })
  }
  const alive = createClient({ url: server.url })
  const jobs: string[] = []
  for (const name of names) {
    const runs = async () => (await alive.call(scheduleRoutes.runs, { params: { name } })).items
    while ((await runs()).length === 0) await setTimeout(100)
    expect(await runs()).toMatchObject([{ kind: 'tick', outcome: 'submitted' }])
    jobs.push((await runs())[0]?.job ?? '')
  }
  const statusOf = async (name: string) => (await alive.call(jobRoutes.show, { params: { name } })).status
  for (const name of jobs) while (!terminalStatuses.includes(await statusOf(name))) await setTimeout(100)
  const { items } = await alive.call(jobRoutes.list, { query: { limit: 1000 } })
  expect(items.map(job => job.name).sort()).toEqual([...jobs].sort())
  expect((await readFile(ran, 'utf8')).trim().split('\n').sort()).toEqual([...names].sort())
})
