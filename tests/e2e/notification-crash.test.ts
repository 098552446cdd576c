import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout } from 'node:timers/promises'
import {
  type AlertNotification,
  alertRoutes,
  alertRuleRoutes,
  createClient,
  eventRoutes,
  silenceRoutes,
  subscriptionRoutes,
} from '@hagane/contract'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type RunningServer, startServer, stopServer } from '../../tools/demo/server.ts'

const KILLS = 5
const EACH = 12

let dataDir = ''
let server: RunningServer | undefined
const received: { id: string; event: { id: string; subject: string; sequence: string } }[] = []
const receiver = createServer(async (request, response) => {
  received.push({ id: String(request.headers['webhook-id']), event: JSON.parse(await text(request)) })
  response.writeHead(204).end()
})

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'hagane-notification-crash-'))
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

it('delivers every event under one id, in order, and raises and tells each alert once, although the server is killed again and again', async () => {
  server = await start()
  let client = createClient({ url: server.url })
  const { port } = receiver.address() as AddressInfo
  const url = `http://127.0.0.1:${port}/`
  await client.call(subscriptionRoutes.create, {
    body: { name: 'all', on: { types: ['dev.hagane.silence.*'] }, channel: { type: 'webhook', url } },
  })
  await client.call(alertRuleRoutes.create, {
    body: { name: 'more', on: { types: ['dev.hagane.alert-test', 'dev.hagane.subscription.updated'] }, by: 'subject' },
  })
  const names: string[] = []
  for (let kill = 0; kill < KILLS; kill++) {
    const work = (async () => {
      for (let n = 0; n < EACH; n++) {
        const { id } = await client.call(silenceRoutes.create, {
          body: { match: { key: `k${kill}-${n}` }, duration: '1h' },
        })
        await client.call(silenceRoutes.delete, { params: { id } })
        const name = `watched-${kill}-${n}`
        const body = { name, on: { types: ['dev.hagane.nothing'] }, channel: { type: 'webhook' as const, url } }
        await client.call(subscriptionRoutes.create, { body })
        await client.call(subscriptionRoutes.update, { params: { name }, body: { description: 'changed' } })
        names.push(name)
      }
    })().catch(() => undefined)
    await setTimeout(300 + 170 * kill)
    process.kill(await pidOf(), 'SIGKILL')
    await work
    await setTimeout(100)
    server = await start()
    client = createClient({ url: server.url })
  }
  const { items } = await client.call(eventRoutes.list, { query: { type: 'dev.hagane.silence.*', limit: 1000 } })
  const subscription = () => client.call(subscriptionRoutes.show, { params: { name: 'all' } })
  while ((await subscription()).behind > 0 || (await subscription()).retrying > 0) await setTimeout(100)
  const arrived = new Map(received.map(({ id, event }) => [event.id, id]))
  expect([...arrived.keys()].sort()).toEqual(items.map(item => item.id).sort())
  expect(new Set(received.map(({ id }) => id)).size).toBe(items.length)
  const firsts = received.filter(({ id }, i) => received.findIndex(other => other.id === id) === i)
  for (const subject of new Set(items.map(item => item.subject))) {
    const order = firsts.filter(({ event }) => event.subject === subject).map(({ event }) => event.sequence)
    expect(order).toEqual([...order].sort())
  }
  const told = async () =>
    (
      await client.call(eventRoutes.list, { query: { type: 'dev.hagane.alert.notification', limit: 1000 } })
    ).items.flatMap(({ data }) => (data as unknown as AlertNotification).alerts.map(alert => alert.key))
  const wanted = names.map(name => `alert-rule/more/subscription/${name}`)
  while (!(await told()).includes(wanted.at(-1) ?? '')) await setTimeout(200)
  const { items: alerts } = await client.call(alertRoutes.list, { query: { key: 'alert-rule/more/*', limit: 1000 } })
  const keys = alerts.map(alert => alert.key)
  expect(new Set(keys).size).toBe(keys.length)
  expect(keys).toEqual(expect.arrayContaining(wanted))
  const firing = (await client.call(eventRoutes.list, { query: { type: 'dev.hagane.alert.firing', limit: 1000 } }))
    .items
  expect(firing.map(event => event.data.key).sort()).toEqual([...keys].sort())
})
