import { existsSync, readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Gateway } from './gateway.ts'
import { ask, until } from './testing/callers.ts'
import { endpointOf, scoreDeployment, tableOf, temporaryFolder } from './testing/deployments.ts'

/** Says how it was started, and prints, so that it shows where its output goes. */
const script = `
import os, sys
def init():
    print("printed by", os.environ["HAGANE_DEPLOYMENT"], flush=True)
def run(raw_data):
    return {"started_as": sys.argv[1], "deployment": os.environ["HAGANE_DEPLOYMENT"], "own": os.environ.get("OWN"), "pid": os.getpid()}
`
const dir = temporaryFolder()
const deployments = [scoreDeployment('one', script, { environment_variables: { OWN: 'secret of one' } })]
let gateway: Gateway

beforeAll(async () => {
  gateway = await Gateway.start({ dir, host: '127.0.0.1', port: 0, maxBody: 2 ** 20, warmWorkers: 1 })
  gateway.use(tableOf(endpointOf('e', deployments)))
  await readyCount(1)
})
afterAll(() => gateway.close())

const readyCount = (count: number): Promise<void> =>
  until(() => gateway.report().deployments.filter(one => one.state === 'ready').length === count)

async function answerOf(deployment: string) {
  const headers = { 'azureml-model-deployment': deployment }
  const reply = await ask({ port: gateway.address.port, path: '/endpoints/e/score', headers })
  expect(reply.status).toBe(200)
  return JSON.parse(reply.text) as { started_as: string; pid: number }
}

async function add(name: string, variables: Record<string, string> = {}): Promise<void> {
  deployments.push(scoreDeployment(name, script, { environment_variables: variables }))
  gateway.use(tableOf(endpointOf('e', deployments)))
  await readyCount(deployments.length)
}

test('a spare becomes the next worker of its environment, with its own variables and log and nothing of another', async () => {
  await until(() => existsSync(`${dir}/logs/warm.log`))
  await add('two')
  expect(await answerOf('two')).toMatchObject({ started_as: 'spare', deployment: 'two', own: null })
  const log = readFileSync(`${dir}/logs/${deployments[1]?.revision_id}.log`, 'utf8')
  expect(log).toContain('printed by two')
  expect((await answerOf('one')).started_as).toBe('default/e/one/0')
})

test('a worker whose variables a Python has to have at its start is started anew', async () => {
  await add('three', { OMP_NUM_THREADS: '3' })
  expect((await answerOf('three')).started_as).toBe('default/e/three/0')
})

test('a worker that was a spare is started again like any other when it dies', async () => {
  const { pid } = await answerOf('two')
  process.kill(pid, 'SIGKILL')
  await until(() => gateway.report().deployments.some(one => one.deployment === 'two' && one.restarts === 1))
  expect((await answerOf('two')).pid).not.toBe(pid)
})
