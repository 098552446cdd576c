import { expect, test } from 'vitest'
import { otlpFromEnvironment } from './otlp-options.ts'
import { formatTraceparent, parseTraceparent } from './trace-context.ts'

const trace = '4bf92f3577b34da6a3ce929d0e0e4736'
const span = '00f067aa0ba902b7'

test('the header of W3C Trace Context is read and written', () => {
  const context = { traceId: trace, spanId: span, sampled: true }
  expect(parseTraceparent(`00-${trace}-${span}-01`)).toEqual(context)
  expect(parseTraceparent(`00-${trace}-${span}-00`)?.sampled).toBe(false)
  expect(parseTraceparent(`cc-${trace}-${span}-09-what-the-future-is-like`)).toEqual(context)
  expect(formatTraceparent(context)).toBe(`00-${trace}-${span}-01`)
})

test.each([
  undefined,
  '',
  `ff-${trace}-${span}-01`,
  `00-${'0'.repeat(32)}-${span}-01`,
  `00-${trace}-${'0'.repeat(16)}-01`,
  `00-${trace.toUpperCase()}-${span}-01`,
  `00-${trace}-${span}`,
])('%s is no trace', header => {
  expect(parseTraceparent(header)).toBeUndefined()
})

test('OpenTelemetry variables say where spans go, and without them nothing is traced', () => {
  expect(otlpFromEnvironment({})).toBeUndefined()
  expect(
    otlpFromEnvironment({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318', OTEL_SDK_DISABLED: 'true' }),
  ).toBeUndefined()
  expect(
    otlpFromEnvironment({
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318/',
      OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Basic%20eA==,x=1',
      OTEL_TRACES_SAMPLER_ARG: '0.25',
    }),
  ).toEqual({
    url: 'http://c:4318/v1/traces',
    headers: { authorization: 'Basic eA==', x: '1' },
    serviceName: 'hagane-gateway',
    ratio: 0.25,
  })
  const own = { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://c/traces', OTEL_TRACES_SAMPLER_ARG: 'odd' }
  expect(otlpFromEnvironment(own)).toMatchObject({ url: 'http://c/traces', ratio: 1 })
})
