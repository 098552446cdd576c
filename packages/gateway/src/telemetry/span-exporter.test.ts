import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import { expect, onTestFinished, test } from 'vitest'
import { type OtlpSpan, SpanExporter } from './span-exporter.ts'

const spanOf = (at: number): OtlpSpan => ({
  traceId: '1'.repeat(32),
  spanId: at.toString(16).padStart(16, '0'),
  name: 'predict',
  kind: 1,
  startTimeUnixNano: '1',
  endTimeUnixNano: '2',
  attributes: [],
  status: {},
})

test('one batch goes at a time; what a collector could not take follows with the rest, once and in order', async () => {
  const taken: string[] = []
  const batches: number[] = []
  let [open, most] = [0, 0]
  const server = createServer(async (asked, answer) => {
    open += 1
    most = Math.max(most, open)
    const body = (await json(asked)) as { resourceSpans: { scopeSpans: { spans: OtlpSpan[] }[] }[] }
    const ids = body.resourceSpans.flatMap(one => one.scopeSpans.flatMap(scope => scope.spans.map(span => span.spanId)))
    batches.push(ids.length)
    if (batches.length > 1) taken.push(...ids)
    open -= 1
    answer.writeHead(batches.length > 1 ? 200 : 503).end('{}')
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/traces`
  const exporter = new SpanExporter({ url, headers: {}, serviceName: 'test', ratio: 1 })
  const spans = Array.from({ length: 1500 }, (_, at) => spanOf(at))
  for (const span of spans) exporter.add(span)
  await exporter.flush()
  await exporter.flush()
  expect(taken).toEqual(spans.map(span => span.spanId))
  expect([batches[0], Math.max(...batches), most]).toEqual([512, 512, 1])
})
