import { existsSync, rmSync, writeFileSync } from 'node:fs'
import type { GatewayTable } from '@hagane/contract'
import { expect, test } from 'vitest'
import { TableFile } from './control/table-file.ts'
import { findPrediction } from './predictions/find.ts'
import { ask, load, until } from './testing/callers.ts'
import { controlProcess } from './testing/control.ts'
import { echoScript, endpointOf, scoreDeployment, tableOf, temporaryFolder } from './testing/deployments.ts'
import { gatewayHere, gatewayProcess, statusOf, untilReady } from './testing/gateways.ts'

const who = (text: string): string => JSON.parse(text).who
const failures = (run: ReturnType<typeof load>) => [...run.broken, ...run.replies.filter(reply => reply.status !== 200)]
const alive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
const folderWith = (table: GatewayTable): string => {
  const dir = temporaryFolder()
  new TableFile(dir).store(table, {})
  return dir
}

test('a control plane that is killed under load costs no request, and the next one is heard', async () => {
  const table = tableOf(endpointOf('echo', [scoreDeployment('blue', echoScript('blue'))]))
  const control = await controlProcess(table)
  const dir = temporaryFolder()
  const gateway = await gatewayProcess(dir, '--control', control.url)
  await untilReady(gateway, 1)
  await until(async () => (await control.reports()).some(report => report.deployments[0]?.state === 'ready'))
  const run = load({ port: gateway.port, path: '/endpoints/echo/score' }, 8)
  await run.more(100)
  await control.kill()
  await run.more(300)
  const changed = tableOf(endpointOf('echo', [scoreDeployment('blue', echoScript('newer'))]))
  const second = await controlProcess(changed, control.port)
  await until(() => run.replies.some(reply => reply.status === 200 && who(reply.text) === 'newer'))
  await run.stop()
  expect(failures(run)).toEqual([])
  await gateway.stop()
  await second.kill()
}, 60_000)

test('a worker that is killed under load costs no request', async () => {
  const gateway = await gatewayHere(
    tableOf(endpointOf('echo', [scoreDeployment('blue', echoScript('blue'), { workers: 2 })])),
  )
  await until(async () => (await gateway.status()).deployments[0]?.workers_ready === 2)
  const run = load({ port: gateway.port, path: '/endpoints/echo/score' }, 8)
  for (let kills = 0; kills < 3; kills += 1) {
    await run.more(100)
    process.kill((await gateway.status()).deployments[0]?.pid ?? 0, 'SIGKILL')
    await until(async () => (await gateway.status()).deployments[0]?.restarts === kills + 1)
  }
  await until(async () => (await gateway.status()).deployments[0]?.workers_ready === 2)
  await run.stop()
  expect(failures(run)).toEqual([])
  await gateway.stop()
}, 60_000)

test('a worker that is killed while it starts is started again, and the model is not blamed', async () => {
  const folder = temporaryFolder()
  const script = `
import os, time
def init():
    open("${folder}/begun", "w").close()
    while not os.path.exists("${folder}/go"):
        time.sleep(0.02)
def run(raw_data):
    return raw_data
`
  const gateway = await gatewayHere(tableOf(endpointOf('slow', [scoreDeployment('blue', script)])))
  const told = async () => (await gateway.status()).deployments[0]
  for (let kills = 0; kills < 2; kills += 1) {
    await until(async () => existsSync(`${folder}/begun`))
    rmSync(`${folder}/begun`)
    process.kill((await told())?.pid ?? 0, 'SIGKILL')
    await until(async () => (await told())?.restarts === kills + 1)
    expect((await told())?.state).toBe('starting')
  }
  writeFileSync(`${folder}/go`, '')
  await untilReady(gateway, 1)
  await gateway.stop()
}, 60_000)

test('a request that ends its worker is tried twice, then refused, and the deployment recovers', async () => {
  const script = `
import os
def init():
    pass
def run(raw_data):
    if raw_data == '"die"':
        os.kill(os.getpid(), 9)
    return raw_data
`
  const gateway = await gatewayHere(tableOf(endpointOf('fragile', [scoreDeployment('blue', script)])))
  await untilReady(gateway, 1)
  const path = '/endpoints/fragile/score'
  const reply = await ask({ port: gateway.port, path, body: '"die"' })
  expect([reply.status, JSON.parse(reply.text).error.message]).toEqual([
    502,
    'the worker ended while it answered this request',
  ])
  const id = String(reply.headers['x-hagane-prediction-id'])
  expect(await findPrediction(gateway.dir, id)).toMatchObject({ id, status: 502 })
  expect((await gateway.status()).deployments[0]?.restarts).toBe(2)
  expect((await ask({ port: gateway.port, path, body: '"live"' })).status).toBe(200)
  await gateway.stop()
})

test('tables that change under load cost no request: new revision, new split, removed deployment', async () => {
  const blue = scoreDeployment('blue', echoScript('blue-1'))
  const gateway = await gatewayHere(tableOf(endpointOf('echo', [blue])))
  await untilReady(gateway, 1)
  const run = load({ port: gateway.port, path: '/endpoints/echo/score' }, 8)
  await run.more(50)
  const newer = scoreDeployment('blue', echoScript('blue-2'))
  gateway.use(tableOf(endpointOf('echo', [newer])))
  await until(() => run.replies.some(reply => who(reply.text) === 'blue-2'))
  const green = scoreDeployment('green', echoScript('green'))
  gateway.use(tableOf(endpointOf('echo', [newer, green])))
  await untilReady(gateway, 2)
  gateway.use(tableOf(endpointOf('echo', [newer, green], { traffic: { blue: 50, green: 50 } })))
  await until(() => run.replies.some(reply => who(reply.text) === 'green'))
  gateway.use(tableOf(endpointOf('echo', [green])))
  const at = run.replies.length + 16
  await run.more(100)
  await run.stop()
  expect(failures(run)).toEqual([])
  expect(new Set(run.replies.slice(at).map(reply => who(reply.text)))).toEqual(new Set(['green']))
  await until(async () => (await gateway.status()).deployments.length === 1)
  await gateway.stop()
}, 60_000)

test('a revision that does not start leaves the old one serving and reports the traceback of its code', async () => {
  const gateway = await gatewayHere(tableOf(endpointOf('echo', [scoreDeployment('blue', echoScript('old'))])))
  await untilReady(gateway, 1)
  const broken = scoreDeployment('blue', 'import no_such_module\ndef init(): pass\ndef run(raw_data): pass\n')
  gateway.use(tableOf(endpointOf('echo', [broken])))
  const found = async () => (await gateway.status()).deployments.find(one => one.revision_id === broken.revision_id)
  await until(async () => (await found())?.state === 'failed')
  const report = await found()
  expect(report?.message).toBe("ModuleNotFoundError: No module named 'no_such_module'")
  expect(report?.log_tail?.join('\n')).toContain('score.py", line 1')
  expect(who((await ask({ port: gateway.port, path: '/endpoints/echo/score' })).text)).toBe('old')
  await gateway.stop()
})

test('the split is kept, a mirror gets copies, and callers never see the mirror', async () => {
  const [blue, green, shadow] = ['blue', 'green', 'shadow'].map(name => scoreDeployment(name, echoScript(name)))
  if (blue === undefined || green === undefined || shadow === undefined) throw new Error('unreachable')
  const split = { traffic: { blue: 90, green: 10 }, mirror_traffic: { shadow: 100 } }
  const gateway = await gatewayHere(tableOf(endpointOf('echo', [blue, green, shadow], split)))
  await untilReady(gateway, 3)
  const run = load({ port: gateway.port, path: '/endpoints/echo/score' }, 4)
  await run.more(600)
  await run.stop()
  expect(failures(run)).toEqual([])
  const green10 = run.replies.filter(reply => who(reply.text) === 'green').length / run.replies.length
  expect(green10).toBeGreaterThan(0.04)
  expect(green10).toBeLessThan(0.18)
  expect(run.replies.some(reply => who(reply.text) === 'shadow')).toBe(false)
  expect(existsSync(`${gateway.dir}/predictions/${shadow.revision_id}`)).toBe(true)
  await gateway.stop()
})

test('a full line is refused with 429 and Retry-After, and nothing else fails', async () => {
  const slow = 'import time\ndef init(): pass\ndef run(raw_data):\n    time.sleep(0.05)\n    return 1\n'
  const settings = { request_timeout_ms: 20_000, max_queue_wait_ms: 20_000, max_concurrent_requests_per_instance: 1 }
  const gateway = await gatewayHere(
    tableOf(endpointOf('slow', [scoreDeployment('blue', slow, { request_settings: settings })])),
  )
  await untilReady(gateway, 1)
  const replies = await Promise.all(
    Array.from({ length: 8 }, () => ask({ port: gateway.port, path: '/endpoints/slow/score' })),
  )
  const counts = Map.groupBy(replies, reply => reply.status)
  expect([...counts.keys()].sort()).toEqual([200, 429])
  expect(counts.get(200)).toHaveLength(2)
  expect(counts.get(429)?.[0]?.headers['retry-after']).toBe('1')
  await gateway.stop()
})

test('a killed gateway has recorded every answer it gave, takes its workers with it, and the next one serves from disk', async () => {
  const dir = folderWith(tableOf(endpointOf('echo', [scoreDeployment('blue', echoScript('blue'))])))
  const first = await gatewayProcess(dir)
  await untilReady(first, 1)
  const worker = (await first.status()).deployments[0]?.pid ?? 0
  await expect(gatewayProcess(dir, '--port', '0')).rejects.toThrow('ended with 2')
  const run = load({ port: first.port, path: '/endpoints/echo/score' }, 8)
  await run.more(200)
  first.child.kill('SIGKILL')
  await until(() => run.broken.length > 0)
  await run.stop()
  for (const reply of run.replies) {
    const id = String(reply.headers['x-hagane-prediction-id'])
    expect(await findPrediction(dir, id)).toMatchObject({ id, status: 200 })
  }
  await until(() => !alive(worker))
  const second = await gatewayProcess(dir)
  expect(second.port).toBe(first.port)
  await untilReady(second, 1)
  expect((await ask({ port: second.port, path: '/endpoints/echo/score' })).status).toBe(200)
  await until(async () => (await statusOf(dir, second.port)).sealed.length === 1)
  await second.stop()
}, 60_000)

test('a gateway that is told to end answers what is open first', async () => {
  const slow = 'import time\ndef init(): pass\ndef run(raw_data):\n    time.sleep(0.3)\n    return 1\n'
  const gateway = await gatewayProcess(folderWith(tableOf(endpointOf('slow', [scoreDeployment('blue', slow)]))))
  await untilReady(gateway, 1)
  const open = Array.from({ length: 3 }, () => ask({ port: gateway.port, path: '/endpoints/slow/score' }))
  await open[0]
  await gateway.stop()
  expect((await Promise.all(open)).map(reply => reply.status)).toEqual([200, 200, 200])
})
