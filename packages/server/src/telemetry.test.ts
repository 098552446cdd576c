import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import { otlpTelemetry, serverRoutes } from '@hagane/contract'
import { buildTestApp } from '@hagane/testkit'
import { expect, onTestFinished, test } from 'vitest'
import { buildLog } from './kernel/log.ts'

interface Metric {
  name: string
  sum?: {
    isMonotonic: boolean
    aggregationTemporality: number
    dataPoints: { asDouble: number; attributes: unknown }[]
  }
  gauge?: { dataPoints: { asDouble: number }[] }
  histogram?: { dataPoints: { count: string; bucketCounts: string[]; explicitBounds: number[] }[] }
}
interface Resource {
  resource: { attributes: unknown }
  scopeMetrics: { metrics: Metric[] }[]
  scopeLogs: { logRecords: { body: { stringValue: string } }[] }[]
}

/** A collector that is away for the first request of each signal. */
async function collector() {
  const got: Record<string, Resource[]> = {}
  const seen = new Set<string>()
  const server = createServer(async (asked, answer) => {
    const body = (await json(asked)) as Record<string, Resource[]>
    const url = asked.url ?? ''
    const isFirst = !seen.has(url)
    seen.add(url)
    if (!isFirst) got[url] = [...(got[url] ?? []), ...Object.values(body).flat()]
    answer.writeHead(isFirst ? 503 : 200).end('{}')
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return { got, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

test('metrics and logs of a server reach a collector over OTLP, also one that was away at first', async () => {
  const { got, url } = await collector()
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: url, OTEL_SERVICE_NAME: 'flights-server' }
  const telemetry = otlpTelemetry(env, 'hagane-server', 7)
  if (telemetry === undefined) throw new Error('no telemetry')
  const app = await buildTestApp({ overrides: { telemetry }, serverId: 'told' })
  await app.client.call(serverRoutes.status, {})
  buildLog('info', telemetry).warn({ job: 'brave_iron' }, 'the disk is nearly full')
  await app[Symbol.asyncDispose]()
  await telemetry.close()
  await telemetry.close()

  const [resource] = got['/v1/metrics'] ?? []
  expect(resource?.resource.attributes).toContainEqual({
    key: 'service.name',
    value: { stringValue: 'flights-server' },
  })
  const metrics = new Map(resource?.scopeMetrics.flatMap(scope => scope.metrics.map(one => [one.name, one] as const)))
  const requests = metrics.get('hagane.api_requests')?.sum
  expect(requests).toMatchObject({ isMonotonic: true, aggregationTemporality: 2 })
  expect(requests?.dataPoints.find(({ asDouble }) => asDouble >= 1)?.attributes).toEqual([
    { key: 'hagane.server', value: { stringValue: 'told' } },
    { key: 'status', value: { stringValue: '200' } },
  ])
  expect(metrics.get('hagane.memory_bytes')?.gauge?.dataPoints[0]?.asDouble).toBeGreaterThan(1e6)
  const latency = metrics.get('hagane.api_latency')?.histogram?.dataPoints[0]
  expect(latency?.bucketCounts.length).toBe((latency?.explicitBounds.length ?? 0) + 1)
  expect(latency?.bucketCounts.reduce((sum, one) => sum + Number(one), 0)).toBe(Number(latency?.count))

  const lines = got['/v1/logs']?.flatMap(one => one.scopeLogs.flatMap(scope => scope.logRecords))
  expect(lines?.find(line => line.body.stringValue === 'the disk is nearly full')).toMatchObject({
    ...{ severityNumber: 13, severityText: 'WARN' },
    attributes: [{ key: 'job', value: { stringValue: 'brave_iron' } }],
  })
})

test('a signal that is switched off is not sent, and without an endpoint there is nothing to send', () => {
  expect(otlpTelemetry({}, 'hagane-server', 7)).toBeUndefined()
  const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318' }
  expect(otlpTelemetry({ ...endpoint, OTEL_LOGS_EXPORTER: 'none' }, 'hagane-server', 7)?.hasLogs).toBe(false)
  expect(otlpTelemetry({ ...endpoint, OTEL_SDK_DISABLED: 'true' }, 'hagane-server', 7)).toBeUndefined()
})
