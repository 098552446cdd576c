import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout } from 'node:timers/promises'
import { auditRoutes, type Client, createClient, type EventRecord, jobRoutes, ruleRoutes } from '@hagane/contract'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type RunningServer, startServer, stopServer } from '../../tools/demo/server.ts'

const KILLS = 7

let dataDir = ''
let server: RunningServer | undefined
const received: { id: string; body: string }[] = []
const receiver = createServer(async (request, response) => {
  received.push({ id: String(request.headers['webhook-id']), body: await text(request) })
  response.writeHead(204).end()
})

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'hagane-rule-crash-'))
  await new Promise<void>(resolve => receiver.listen(0, '127.0.0.1', resolve))
})
afterAll(async () => {
  if (server !== undefined) await stopServer(server)
  receiver.closeAllConnections()
  await new Promise(resolve => receiver.close(resolve))
  await rm(dataDir, { recursive: true, force: true, maxRetries: 10 })
})

const start = () => startServer(dataDir, { flags: ['--allow-private-urls', 'true'] })
const pidOf = async (): Promise<number> =>
  JSON.parse(await readFile(join(dataDir, 'server.json'), 'utf8')).pid as number
const linesOf = async (file: string) => (await readFile(join(dataDir, file), 'utf8')).trim().split('\n').sort()

async function eventsOf(client: Client, type: string): Promise<EventRecord[]> {
  return (await client.call(auditRoutes.list, { query: { type, limit: 1000 } })).items
}

async function createRules(client: Client, url: string): Promise<void> {
  const put = (rule: object) => client.call(ruleRoutes.create, { body: { rule: rule as never } })
  await put({
    name: 'source',
    is_enabled: false,
    on: { event: { types: ['dev.hagane.none'] } },
    do: [{ id: 'x', notify: { message: 'x' } }],
  })
  const job = { type: 'command', command: `echo \${{inputs.n}} >> ${join(dataDir, 'ran')}`, inputs: { n: '0' } }
  await put({
    name: 'work',
    on: { event: { types: ['dev.hagane.rule.updated'], subjects: ['rule/source'] } },
    do: [
      { id: 'job', submit_job: { job, inputs: { n: '${{event.data.tags.n}}' } } },
      { id: 'call', call_webhook: { url, body: { n: '${{event.data.tags.n}}', job: '${{actions.job.result.job}}' } } },
      { id: 'tell', notify: { message: '${{event.data.tags.n}}' } },
    ],
  })
  const after = { type: 'command', command: `echo \${{inputs.n}} >> ${join(dataDir, 'after')}`, inputs: { n: '0' } }
  await put({
    name: 'after',
    on: { event: { types: ['dev.hagane.rule.run-completed'], subjects: ['rule/work'] } },
    do: [{ id: 'job', submit_job: { job: after, inputs: { n: '${{event.data.run}}' } } }],
  })
}

it('each event leads to one run, and each of its actions is done once, although the server is killed at random moments', async () => {
  server = await start()
  let client = createClient({ url: server.url })
  const { port } = receiver.address() as AddressInfo
  await createRules(client, `http://127.0.0.1:${port}/`)
  for (let n = 0; n < KILLS; n++) {
    await client.call(ruleRoutes.update, { params: { name: 'source' }, body: { tags: { n: String(n) } } })
    await setTimeout(Math.random() * 700)
    process.kill(await pidOf(), 'SIGKILL')
    server = await start()
    client = createClient({ url: server.url })
  }
  const runsOf = async (name: string) =>
    (await client.call(ruleRoutes.runs, { params: { name }, query: { limit: 100 } })).items
  for (const name of ['work', 'after']) {
    const isDone = async () => {
      const runs = await runsOf(name)
      return runs.length >= KILLS && runs.every(run => run.state !== 'running')
    }
    while (!(await isDone())) await setTimeout(200)
    expect((await runsOf(name)).map(run => [run.number, run.state])).toEqual(
      Array.from({ length: KILLS }, (_, i) => [KILLS - i, 'completed']),
    )
  }
  const each = Array.from({ length: KILLS }, (_, n) => String(n))
  expect(await linesOf('ran')).toEqual([...each].sort())
  expect(await linesOf('after')).toEqual(each.map(n => String(Number(n) + 1)).sort())
  const { items: jobs } = await client.call(jobRoutes.list, { query: { limit: 1000 } })
  expect(jobs).toHaveLength(2 * KILLS)
  const calls = new Map(received.map(({ id, body }) => [id, (JSON.parse(body) as { n: string }).n]))
  expect([...calls.values()].sort()).toEqual([...each].sort())
  const told = await eventsOf(client, 'dev.hagane.rule.notification')
  expect(told.map(event => event.data.message).sort()).toEqual([...each].sort())
  expect(await eventsOf(client, 'dev.hagane.rule.fired')).toHaveLength(2 * KILLS)
  expect(await eventsOf(client, 'dev.hagane.rule.action-completed')).toHaveLength(4 * KILLS)
  expect(await client.call(auditRoutes.verify, {})).toMatchObject({ ok: true })
})
