import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import { type ServiceSample, type SubjectFigures, serviceSamples } from '@hagane/contract'
import { expect, onTestFinished, test } from 'vitest'
import { Gateway } from '../gateway.ts'
import { ask, until } from '../testing/callers.ts'
import { echoScript, endpointOf, scoreDeployment, tableOf, temporaryFolder } from '../testing/deployments.ts'
import { gatewayProcess } from '../testing/gateways.ts'
import { SampleOutbox } from './sample-outbox.ts'

const sample = (seq: number): ServiceSample => ({
  ...{ seq, seconds: 10, subjects: [] },
  time: new Date(seq * 10_000).toISOString(),
})

test('while nobody takes samples, older ones become fewer and cover more; no time is lost and the newest stay', async () => {
  let isAway = true
  const arrived: ServiceSample[] = []
  let taken = 0
  const outbox = new SampleOutbox(
    'gateway/test',
    async ({ samples }) => {
      if (!isAway) arrived.push(...samples)
      return !isAway
    },
    seq => {
      taken = seq
    },
  )
  for (let seq = 1; seq <= 1000; seq += 1) {
    outbox.add(sample(seq))
    if (seq % 100 === 0) await outbox.send()
  }
  expect(outbox.waiting.length).toBeLessThanOrEqual(60)
  isAway = false
  await outbox.send()
  expect([taken, outbox.waiting.length, arrived.at(-1)?.seq]).toEqual([1000, 0, 1000])
  expect(arrived.reduce((sum, one) => sum + one.seconds, 0)).toBe(10_000)
  expect(arrived.map(one => one.seq)).toEqual(arrived.map(one => one.seq).toSorted((a, b) => a - b))
})

/** A control plane that only takes samples. */
async function listener() {
  const taken: ServiceSample[] = []
  const server = createServer(async (asked, answer) => {
    if (asked.url !== '/api/v1/metrics/samples') return void answer.writeHead(404).end('{}')
    const { samples } = serviceSamples.parse(await json(asked))
    taken.push(...samples)
    answer.writeHead(200, { 'content-type': 'application/json' }).end('{"ok":true}')
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return { taken, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

test('a gateway tells what it counted, last when it ends, also of an endpoint that is gone', async () => {
  const { taken, url } = await listener()
  const gateway = await Gateway.start({
    dir: temporaryFolder(),
    host: '127.0.0.1',
    port: 0,
    maxBody: 2 ** 20,
    control: url,
  })
  const named = (name: string) => endpointOf(name, [scoreDeployment('blue', echoScript(name))])
  const [kept, gone] = [named('kept'), named('gone')]
  gateway.use(tableOf(kept, gone))
  const { port } = gateway.address
  const score = (endpoint: string, headers = {}) =>
    ask({ port, path: `/endpoints/${endpoint}/score`, method: 'POST', body: '{}', headers })
  await until(() => gateway.report().deployments.every(one => one.state === 'ready'))
  for (let call = 0; call < 3; call += 1) expect((await score('kept')).status).toBe(200)
  await score('gone')
  await score('kept', { authorization: 'Bearer wrong' })
  gateway.use(tableOf(kept))
  await until(async () => (await score('gone')).status === 404)
  await gateway.close()
  const last = taken.at(-1) as ServiceSample
  const of = (subject: string): SubjectFigures | undefined =>
    taken.flatMap(one => one.subjects).findLast(one => one.subject === subject)
  expect(of('endpoint/kept')?.counters).toMatchObject({ 'requests/401': 1 })
  const blue = of('endpoint/kept/deployment/blue')
  expect(blue?.counters).toMatchObject({ 'requests/200': 3, worker_restarts: 0 })
  const counts = Object.values(blue?.histograms.latency?.counts ?? {})
  expect(counts.reduce((sum, one) => sum + one, 0)).toBe(3)
  expect(of('endpoint/gone/deployment/blue')?.counters).toMatchObject({ 'requests/200': 1 })
  expect(last.subjects[0]).toMatchObject({ subject: expect.stringMatching(/^gateway\//), workspace: '' })
})

test('a gateway with a collector sends its counters and what it prints over OTLP, without a control plane', async () => {
  const got = new Map<string, unknown[]>()
  const server = createServer(async (asked, answer) => {
    const path = asked.url ?? ''
    got.set(path, [...(got.get(path) ?? []), await json(asked)])
    answer.writeHead(200).end('{}')
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  process.env.OTEL_EXPORTER_OTLP_ENDPOINT = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  onTestFinished(() => void delete process.env.OTEL_EXPORTER_OTLP_ENDPOINT)
  const gateway = await gatewayProcess(temporaryFolder())
  await until(() => got.has('/v1/logs'))
  await gateway.stop()
  expect(JSON.stringify(got.get('/v1/metrics'))).toMatch(/"hagane\.memory_bytes".*"hagane\.gateway"/)
  expect(JSON.stringify(got.get('/v1/logs'))).toMatch(/"hagane-gateway".*answers at http/)
})
