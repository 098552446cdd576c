import { expect, test } from 'vitest'
import { ask, load, until } from './testing/callers.ts'
import { echoScript, endpointOf, scoreDeployment, tableOf } from './testing/deployments.ts'
import { gatewayHere, untilReady } from './testing/gateways.ts'
import { pacedLoad } from './testing/paced-load.ts'

const path = '/endpoints/echo/score'

test('a switch from blue to green under 200 requests a second fails none of them', async () => {
  const [blue, green] = ['blue', 'green'].map(name => scoreDeployment(name, echoScript(name)))
  if (blue === undefined || green === undefined) throw new Error('unreachable')
  const split = (share: number) =>
    tableOf(endpointOf('echo', [blue, green], { traffic: { blue: 100 - share, green: share } }))
  const gateway = await gatewayHere(split(0))
  await untilReady(gateway, 2)
  const run = pacedLoad({ port: gateway.port, path }, 200)
  for (const share of [10, 50, 100]) {
    await run.more(150)
    gateway.use(split(share))
  }
  await run.more(150)
  gateway.use(tableOf(endpointOf('echo', [green], { traffic: { green: 100 } })))
  await run.more(150)
  await run.stop()
  expect(run.counts()).toEqual({ 200: run.sent })
  expect((await ask({ port: gateway.port, path })).headers['azureml-model-deployment']).toBe('green')
  await gateway.stop()
}, 60_000)

test('five times more than it can do: what is accepted is answered, the rest is refused, and nothing stays behind', async () => {
  const slow = 'import time\ndef init(): pass\ndef run(raw_data):\n    time.sleep(0.02)\n    return 1\n'
  const request_settings = {
    request_timeout_ms: 30_000,
    max_queue_wait_ms: 30_000,
    max_concurrent_requests_per_instance: 2,
  }
  const gateway = await gatewayHere(tableOf(endpointOf('echo', [scoreDeployment('blue', slow, { request_settings })])))
  await untilReady(gateway, 1)
  const run = pacedLoad({ port: gateway.port, path }, 250)
  await run.more(600)
  await run.stop()
  const counts = run.counts()
  expect(Object.keys(counts)).toEqual(['200', '429'])
  expect(counts[429]).toBeGreaterThan(counts[200] ?? 0)
  const page = (await ask({ port: gateway.port, path: '/metrics', method: 'GET' })).text
  expect(page).toMatch(/hagane_requests_open\{[^}]*\} 0\n/)
  expect(page).toMatch(new RegExp(`hagane_requests_total\\{[^}]*status="429"\\} ${counts[429]}\\n`))
  expect((await gateway.status()).deployments[0]).toMatchObject({ state: 'ready', restarts: 0 })
  await gateway.stop()
}, 60_000)

test('an extra worker that does not start is told, while the one that answers goes on', async () => {
  const once = `
import os
def init():
    mark = os.path.join(os.path.dirname(__file__), "started")
    if os.path.exists(mark): raise RuntimeError("no licence for a second one")
    open(mark, "w").close()
def run(raw_data): return 1
`
  const blue = scoreDeployment('blue', once)
  const gateway = await gatewayHere(tableOf(endpointOf('echo', [blue])))
  await untilReady(gateway, 1)
  const run = load({ port: gateway.port, path }, 2)
  gateway.use(tableOf(endpointOf('echo', [{ ...blue, workers: 2 }])))
  const report = async () => (await gateway.status()).deployments[0]
  await until(async () => (await report())?.message !== undefined)
  expect(await report()).toMatchObject({
    state: 'ready',
    workers: 2,
    workers_ready: 1,
    message: 'RuntimeError: no licence for a second one',
  })
  await run.more(20)
  await run.stop()
  expect([...run.broken, ...run.replies.filter(reply => reply.status !== 200)]).toEqual([])
  await gateway.stop()
}, 60_000)

test('a worker that no longer answers its liveness probe is replaced', async () => {
  const liveness_probe = { initial_delay: 60, period: 1, timeout: 1, success_threshold: 1, failure_threshold: 2 }
  const gateway = await gatewayHere(
    tableOf(endpointOf('echo', [scoreDeployment('blue', echoScript('blue'), { liveness_probe })])),
  )
  await untilReady(gateway, 1)
  const report = async () => (await gateway.status()).deployments[0]
  const stuck = (await report())?.pid ?? 0
  process.kill(stuck, 'SIGSTOP')
  await until(async () => (await report())?.restarts === 1)
  await until(async () => (await report())?.state === 'ready')
  expect((await report())?.pid).not.toBe(stuck)
  expect((await ask({ port: gateway.port, path })).status).toBe(200)
  await gateway.stop()
}, 60_000)
