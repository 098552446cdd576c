import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { auditRoutes, type Client, createClient, rolloutRoutes } from '@hagane/contract'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type RunningServer, startServer, stopServer } from '../../../tools/demo/server.ts'
import { ParityEndpoint } from './parity-endpoint.ts'

const KILLS = 6

let dataDir = ''
let server: RunningServer
let endpoint: ParityEndpoint
const client = (): Client => createClient({ url: server.url })

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'hagane-rollout-crash-'))
  server = await startServer(dataDir)
  endpoint = new ParityEndpoint(client)
  await endpoint.create()
  await endpoint.startCallers(2)
})
afterAll(async () => {
  await endpoint.stopCallers()
  await stopServer(server)
  await rm(dataDir, { recursive: true, force: true, maxRetries: 10 })
})

const pidIn = async (file: string): Promise<number> => JSON.parse(await readFile(join(dataDir, file), 'utf8')).pid

/** Kills the server, now and then also the gateway, and starts it again. */
async function killAll(withGateway: boolean): Promise<void> {
  process.kill(await pidIn('server.json'), 'SIGKILL')
  if (withGateway) process.kill(await pidIn('gateway/gateway.json'), 'SIGKILL')
  await pause(50)
  server = await startServer(dataDir)
}

const errors = {
  name: 'errors',
  provider: { error_rate: {} },
  failureCondition: 'result > 0.2',
  interval: '1s',
  minimum: 3,
}
const steps = [
  ...[{ setMirror: { percentage: 100 } }, { pause: { duration: '1s' } }, { setWeight: 20 }],
  ...[{ analysis: { metrics: [{ ...errors, count: 2 }] } }, { setWeight: 60 }, { pause: { duration: '1s' } }],
]
const start = (name: string, version: string) =>
  client().call(rolloutRoutes.create, {
    body: {
      rollout: {
        name,
        endpoint: 'parity',
        model: `models:/parity/${version}`,
        strategy: { canary: { steps } },
      } as never,
    },
  })
/** Waits until the candidate of a rollout has been deployed. */
const served = async (name: string) => {
  while ((await client().call(rolloutRoutes.show, { params: { name } })).current_step < 0) await pause(50)
}
const eventsOf = async (name: string) =>
  (await client().call(auditRoutes.list, { query: { subject: `rollout/${name}`, limit: 1000 } })).items.reverse()

it('ends as if nothing had happened, each step once, although server and gateway are killed at any moment', async () => {
  await start('good', '5')
  let over = false
  const ended = endpoint.settled('good').then(found => {
    over = true
    return found
  })
  // a deployment is tried a few times only: once it serves, there may be any number of kills
  await killAll(false)
  await served('good')
  for (let kill = 0; kill < KILLS && !over; kill++) {
    await pause(Math.random() * 1500)
    await killAll(kill % 3 === 2)
  }
  expect(await ended).toMatchObject({ phase: 'Healthy', attempt: 1 })
  expect(await endpoint.traffic()).toEqual({ traffic: { 'parity-5': 100 }, mirror_traffic: {} })
  const events = await eventsOf('good')
  expect(events.map(event => event.type.replace('dev.hagane.rollout.', ''))).toEqual([
    ...[
      'created',
      'started',
      'step',
      'step',
      'paused',
      'step',
      'step',
      'analysis',
      'step',
      'step',
      'paused',
      'promoted',
    ],
  ])

  // and one that fails turns back once
  await start('broken', '3')
  const turned = endpoint.settled('broken')
  await served('broken')
  for (let kill = 0; kill < 3; kill++) {
    await pause(Math.random() * 1500)
    await killAll(kill === 1)
  }
  expect(await turned).toMatchObject({ phase: 'Degraded', message: expect.stringContaining('errors is failed') })
  expect(await endpoint.traffic()).toEqual({ traffic: { 'parity-5': 100 }, mirror_traffic: {} })
  const kinds = (await eventsOf('broken')).map(event => event.type.replace('dev.hagane.rollout.', ''))
  expect(kinds.filter(kind => kind === 'rolled-back')).toHaveLength(1)
  expect(kinds.filter(kind => kind === 'step')).toHaveLength(4)
}, 600_000)
