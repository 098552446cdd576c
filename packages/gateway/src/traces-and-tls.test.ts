import { writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage } from 'node:http'
import { get, request } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { json, text } from 'node:stream/consumers'
import type { TLSSocket } from 'node:tls'
import { expect, test } from 'vitest'
import { Gateway } from './gateway.ts'
import type { OtlpSpan } from './telemetry/span-exporter.ts'
import { ask, until } from './testing/callers.ts'
import { certificates } from './testing/certificates.ts'
import { endpointOf, key, scoreDeployment, tableOf, temporaryFolder } from './testing/deployments.ts'

const trace = '4bf92f3577b34da6a3ce929d0e0e4736'
const span = '00f067aa0ba902b7'
const told = `
def init(): pass
def run(raw_data, request_headers):
    if "fail" in raw_data: raise ValueError("no")
    return request_headers.get("Traceparent")
`
const table = () => tableOf(endpointOf('told', [scoreDeployment('blue', told)]))
const settings = { host: '127.0.0.1', port: 0, maxBody: 2 ** 20 }
const untilServing = (gateway: Gateway) => until(() => gateway.report().deployments[0]?.state === 'ready')

/** A collector of OTLP/HTTP in JSON; it refuses the first batch, as one that is starting does. */
async function collector() {
  const spans: OtlpSpan[] = []
  const paths: string[] = []
  const server = createServer(async (asked, answer) => {
    paths.push(`${asked.url} ${asked.headers['x-team']}`)
    const body = (await json(asked)) as { resourceSpans: { scopeSpans: { spans: OtlpSpan[] }[] }[] }
    if (paths.length > 1) spans.push(...body.resourceSpans.flatMap(one => one.scopeSpans.flatMap(scope => scope.spans)))
    answer.writeHead(paths.length > 1 ? 200 : 503).end('{}')
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return { spans, paths, server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/traces` }
}

test('a trace goes on from the caller through the gateway and the worker to the code of the model', async () => {
  const { spans, paths, server, url } = await collector()
  const otlp = { url, headers: { 'x-team': 'ml' }, serviceName: 'test', ratio: 1 }
  const gateway = await Gateway.start({ ...settings, dir: temporaryFolder(), otlp })
  gateway.use(table())
  await untilServing(gateway)
  const { port } = gateway.address
  const score = (headers: Record<string, string>, body = '{}') =>
    ask({ port, path: '/endpoints/told/score', headers, body })
  const reply = await score({ traceparent: `00-${trace}-${span}-01` })
  await until(() => spans.length === 2)
  const [worker, own] = ['predict', 'POST /endpoints/told/score'].map(name => spans.find(one => one.name === name))
  expect(own).toMatchObject({ traceId: trace, parentSpanId: span, kind: 2, status: {} })
  expect(worker).toMatchObject({ traceId: trace, parentSpanId: own?.spanId })
  expect(JSON.parse(reply.text)).toBe(`00-${trace}-${worker?.spanId}-01`)
  const facts = Object.fromEntries(own?.attributes.map(one => [one.key, Object.values(one.value)[0]]) ?? [])
  expect(facts).toMatchObject({
    'http.response.status_code': '200',
    'hagane.deployment': 'blue',
    'hagane.prediction_id': reply.headers['x-hagane-prediction-id'],
  })
  const times = [own?.startTimeUnixNano, worker?.startTimeUnixNano, worker?.endTimeUnixNano].map(Number)
  expect(times).toEqual(times.toSorted((a, b) => a - b))

  await score({ traceparent: `00-${trace}-${span}-00` })
  await score({}, 'fail')
  await score({ authorization: 'Bearer wrong' })
  await gateway.close()
  expect(spans.filter(one => one.kind === 2).map(one => one.status.code)).toEqual([undefined, 2, undefined])
  expect(new Set(spans.map(one => one.traceId)).size).toBe(3)
  expect(new Set(paths)).toEqual(new Set(['/v1/traces ml']))
  server.close()
})

test('with a certificate the gateway speaks https, and a renewed one is taken up without a restart', async () => {
  const dir = temporaryFolder()
  const tls = { certFile: join(dir, 'cert.pem'), keyFile: join(dir, 'key.pem') }
  const write = (pair: (typeof certificates)[number]): void => {
    writeFileSync(tls.keyFile, pair.key)
    writeFileSync(tls.certFile, pair.cert)
  }
  const [first, second] = certificates
  write(first)
  const gateway = await Gateway.start({ ...settings, dir, tls })
  gateway.use(table())
  await untilServing(gateway)
  const { port, scheme } = gateway.address
  expect(scheme).toBe('https')
  const ca = [first.cert, second.cert]
  const scored = await new Promise<IncomingMessage>((resolve, reject) => {
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' }
    const call = request({ port, path: '/endpoints/told/score', method: 'POST', headers, ca, agent: false }, resolve)
    call.on('error', reject).end('{}')
  })
  expect([scored.statusCode, await text(scored)]).toEqual([200, '{}'])
  const presented = () =>
    new Promise<string>((resolve, reject) => {
      const call = get({ port, path: '/endpoints/told/', ca, agent: false }, response => {
        resolve(String((response.socket as TLSSocket).getPeerCertificate().subject.CN))
        response.resume()
      })
      call.on('error', reject)
    })
  expect(await presented()).toBe('first')
  write(second)
  await until(async () => (await presented()) === 'second')
  writeFileSync(tls.keyFile, first.key)
  expect(await presented()).toBe('second')
  await gateway.close()
})

test.each([['there is no such file', { certFile: '/nowhere/cert.pem', keyFile: '/nowhere/key.pem' }]])(
  'a certificate that cannot be used ends the start in words: %s',
  async (_, tls) => {
    const starting = Gateway.start({ ...settings, dir: temporaryFolder(), tls })
    await expect(starting).rejects.toThrow('certificate /nowhere/cert.pem with key /nowhere/key.pem')
  },
)
