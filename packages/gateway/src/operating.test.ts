import { connect } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ask, load, until } from './testing/callers.ts'
import { echoScript, endpointOf, freshRevision, key, scoreDeployment, tableOf } from './testing/deployments.ts'
import { gatewayHere, type Running, untilReady } from './testing/gateways.ts'

const slow = (seconds: number) => `
import os, time
def init(): pass
def run(raw_data):
    time.sleep(${seconds})
    return os.getpid()
`
const patient = { request_timeout_ms: 60_000, max_queue_wait_ms: 60_000 }

let gateway: Running & { use(table: ReturnType<typeof tableOf>): void }
const entries = () => [
  endpointOf('echo', [blue, green], { traffic: { blue: 50, green: 50 }, sticky: 'header:x-user' }),
  endpointOf('limited', [scoreDeployment('blue', echoScript('blue'))], {
    rate_limit: { per_second: 0.01, burst: 2 },
    cors_origins: ['https://app.example.com'],
  }),
  endpointOf('local', [scoreDeployment('blue', echoScript('blue'))], { local: true }),
  endpointOf('slow', [slowly]),
]
const blue = scoreDeployment('blue', echoScript('blue'))
const green = scoreDeployment('green', echoScript('green'))
let slowly = scoreDeployment('blue', slow(0.2), { request_settings: patient })

beforeAll(async () => {
  gateway = await gatewayHere(tableOf(...entries()))
  await untilReady(gateway, 5)
})
afterAll(() => gateway.stop())

const score = (endpoint: string, headers: Record<string, string> = {}, method = 'POST') =>
  ask({
    port: gateway.port,
    path: `/endpoints/${endpoint}/score`,
    headers,
    method,
    body: method === 'POST' ? '{}' : '',
  })
const metrics = async (): Promise<string> =>
  (await ask({ port: gateway.port, path: '/metrics', method: 'GET', headers: { authorization: '' } })).text
const figure = async (name: string, endpoint: string): Promise<number> => {
  const line = (await metrics()).split('\n').find(one => one.startsWith(`${name}{`) && one.includes(`"${endpoint}"`))
  return Number(line?.split(' ').at(-1) ?? Number.NaN)
}
const deploymentOf = async (endpoint: string) =>
  (await gateway.status()).deployments.find(one => one.endpoint === endpoint)

test('a caller stays at its deployment while the split stays', async () => {
  const answered = async (user: string) =>
    String((await score('echo', { 'x-user': user })).headers['azureml-model-deployment'])
  const users = Array.from({ length: 12 }, (_, n) => `user-${n}`)
  const first = await Promise.all(users.map(answered))
  expect(new Set(first)).toEqual(new Set(['blue', 'green']))
  expect(await Promise.all(users.map(answered))).toEqual(first)
})

test('a key that asks too often gets 429 with the time to wait, and new tables do not forgive it', async () => {
  const replies = [await score('limited'), await score('limited'), await score('limited')]
  expect(replies.map(reply => reply.status)).toEqual([200, 200, 429])
  expect(Number(replies[2]?.headers['retry-after'])).toBeGreaterThan(50)
  expect(JSON.parse(replies[2]?.text ?? '').error).toMatchObject({ code: 'rate_limited', hint: /hagane\.rate_limit/ })
  gateway.use(tableOf(...entries()))
  expect((await score('limited')).status).toBe(429)
})

test('a web page of an allowed origin may ask and read, another one may not', async () => {
  const origin = 'https://app.example.com'
  const question = { origin, authorization: '', 'access-control-request-headers': 'authorization,content-type' }
  const asked = await score('limited', question, 'OPTIONS')
  expect([asked.status, asked.headers['access-control-allow-headers']]).toEqual([204, 'authorization,content-type'])
  const answered = await score('limited', { origin })
  expect(answered.headers['access-control-allow-origin']).toBe(origin)
  expect((await score('limited', { origin: 'https://evil.example' })).headers['access-control-allow-origin']).toBe(
    undefined,
  )
  expect((await score('echo', { origin })).headers['access-control-allow-origin']).toBe(undefined)
})

test('a local endpoint asks callers on this machine for no key, but only by the name of this machine', async () => {
  expect((await score('local', { authorization: '' })).status).toBe(200)
  const reply = await score('local', { authorization: '', host: 'rebound.example' })
  expect([reply.status, JSON.parse(reply.text).error.code]).toEqual([403, 'forbidden'])
})

test('workers are added and taken away in place, and no request is lost', async () => {
  const run = load({ port: gateway.port, path: '/endpoints/slow/score' }, 4)
  await run.more(2)
  slowly = { ...slowly, workers: 3 }
  gateway.use(tableOf(...entries()))
  await until(async () => (await deploymentOf('slow'))?.workers_ready === 3)
  await until(() => new Set(run.replies.map(reply => reply.text)).size === 3)
  slowly = { ...slowly, workers: 1 }
  gateway.use(tableOf(...entries()))
  await until(async () => (await deploymentOf('slow'))?.workers_ready === 1)
  await run.more(6)
  await run.stop()
  expect([...run.broken, ...run.replies.filter(reply => reply.status !== 200)]).toEqual([])
  expect(await deploymentOf('slow')).toMatchObject({ revision_id: slowly.revision_id, restarts: 0 })
})

test('a new time limit takes hold without a new worker', async () => {
  const before = await deploymentOf('slow')
  slowly = { ...slowly, request_settings: { request_timeout_ms: 50, max_queue_wait_ms: 50 } }
  gateway.use(tableOf(...entries()))
  expect((await score('slow')).status).toBe(504)
  slowly = { ...slowly, request_settings: patient }
  gateway.use(tableOf(...entries()))
  expect((await score('slow')).status).toBe(200)
  expect((await deploymentOf('slow'))?.pid).toBe(before?.pid)
})

test('a deployment that idles sleeps, and the next request wakes it and is answered', async () => {
  const idle = scoreDeployment('blue', echoScript('awake'), { idle_seconds: 1 })
  gateway.use(tableOf(...entries(), endpointOf('idle', [idle])))
  await until(async () => (await deploymentOf('idle'))?.workers_ready === 1)
  await until(async () => (await deploymentOf('idle'))?.workers === 0)
  expect(await deploymentOf('idle')).toMatchObject({ state: 'ready', workers_ready: 0 })
  const replies = await Promise.all([score('idle'), score('idle'), score('idle')])
  expect(replies.map(reply => JSON.parse(reply.text).who)).toEqual(['awake', 'awake', 'awake'])
  expect(await figure('hagane_cold_starts_total', 'idle')).toBe(1)
  await until(async () => (await deploymentOf('idle'))?.workers === 0)
})

test('a deployment under more load than its workers bear gets more of them', async () => {
  const autoscale = { min_workers: 1, max_workers: 2, target_utilization_percentage: 70, polling_interval: 1 }
  const scaled = scoreDeployment('blue', slow(0.05), { autoscale, request_settings: patient })
  gateway.use(tableOf(...entries(), endpointOf('scaled', [scaled])))
  await until(async () => (await deploymentOf('scaled'))?.state === 'ready')
  const run = load({ port: gateway.port, path: '/endpoints/scaled/score' }, 4)
  await until(async () => (await deploymentOf('scaled'))?.workers_ready === 2)
  await until(() => new Set(run.replies.map(reply => reply.text)).size === 2)
  await run.stop()
  expect([...run.broken, ...run.replies.filter(reply => reply.status !== 200)]).toEqual([])
})

/** Sends a request and closes the connection, or half of it, at once. */
const rawCall = (path: string) =>
  `POST ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer ${key}\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}`

test('requests whose caller has gone are not begun', async () => {
  slowly = { ...slowly, workers: 1, revision_id: freshRevision() }
  gateway.use(tableOf(...entries()))
  await until(async () =>
    (await gateway.status()).deployments.some(one => one.revision_id === slowly.revision_id && one.state === 'ready'),
  )
  const first = score('slow')
  const sockets = Array.from({ length: 10 }, () => connect(gateway.port, '127.0.0.1'))
  for (const socket of sockets) socket.on('error', () => undefined).write(rawCall('/endpoints/slow/score'))
  await until(async () => (await figure('hagane_requests_open', 'slow')) === 11)
  for (const socket of sockets) socket.destroy()
  await until(
    async () => (await figure('hagane_requests_open', 'slow')) === 0 || (await metrics()).includes('status="499"} 10'),
  )
  expect([(await first).status, (await score('slow')).status]).toEqual([200, 200])
  expect(await metrics()).toMatch(/hagane_requests_total\{[^}]*"slow"[^}]*status="499"\} 10\n/)
})

test('a caller that closes its half of the connection counts as gone, and leaves nothing behind', async () => {
  const socket = connect({ port: gateway.port, host: '127.0.0.1', allowHalfOpen: true })
  socket.resume().end(rawCall('/endpoints/slow/score'))
  await new Promise(resolve => socket.on('close', resolve))
  await until(async () => /"slow"[^}]*status="499"\} 11\n/.test(await metrics()))
  expect(await figure('hagane_requests_open', 'slow')).toBe(0)
})

test('a caller that sends its body slowly keeps nobody else waiting', async () => {
  const socket = connect(gateway.port, '127.0.0.1')
  const [head, body] = rawCall('/endpoints/slow/score').split('\r\n\r\n')
  socket.write(`${head}\r\n\r\n{`)
  expect((await Promise.all([score('slow'), score('slow')])).map(reply => reply.status)).toEqual([200, 200])
  const answered = new Promise(resolve => socket.once('data', chunk => resolve(String(chunk))))
  socket.write(body?.slice(1) ?? '')
  expect(await answered).toMatch(/^HTTP\/1\.1 200 /)
  socket.destroy()
})

test('metrics count what happened, and anyone on this machine may read them', async () => {
  await score('echo', { 'azureml-model-deployment': 'blue' })
  await score('echo', { authorization: '' })
  const page = await metrics()
  const labels = 'workspace="default",endpoint="echo",deployment="blue"'
  expect(page).toMatch(new RegExp(`hagane_requests_total\\{${labels},status="200"\\} [1-9]`))
  expect(page).toMatch(new RegExp(`hagane_request_seconds_bucket\\{${labels},le="\\+Inf"\\} [1-9]`))
  expect(page).toContain('hagane_requests_refused_total{workspace="default",endpoint="echo",status="401"} 1')
  expect(page).toContain(`hagane_workers_ready{${labels}} 1`)
  expect(await figure('hagane_worker_memory_bytes', 'echo')).toBeGreaterThan(5e6)
  expect(page).toMatch(/^process_resident_memory_bytes \d+$/m)
})
