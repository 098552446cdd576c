import { afterAll, beforeAll, expect, test } from 'vitest'
import { ask, load } from './testing/callers.ts'
import { endpointOf, irisOnnx, onnxDeployment, tableOf } from './testing/deployments.ts'
import { gatewayHere, type Running, untilReady } from './testing/gateways.ts'

const columns = [
  { name: 'a', type: 'double', required: true },
  { name: 'b', type: 'double', required: true },
  { name: 'c', type: 'long', required: true },
  { name: 'd', type: 'double', required: false },
]
const [setosa, virginica] = [
  [5.1, 3.5, 1.4, 0.2],
  [6.3, 3.3, 6, 2.5],
]

let gateway: Running
beforeAll(async () => {
  gateway = await gatewayHere(
    tableOf(
      endpointOf('plain', [onnxDeployment('blue', irisOnnx())]),
      endpointOf('named', [onnxDeployment('blue', irisOnnx(), { columns })]),
      endpointOf('broken', [onnxDeployment('blue', Buffer.from('no model'))]),
    ),
  )
  await untilReady(gateway, 2)
})
afterAll(() => gateway.stop())

const send = async (endpoint: string, path: string, body: unknown, headers: Record<string, string> = {}) => {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const reply = await ask({ port: gateway.port, path: `/endpoints/${endpoint}/${path}`, body: text, headers })
  return { ...reply, json: JSON.parse(reply.text) }
}

test('arrays are answered output by output as MLflow does, rows of a table one record each', async () => {
  const { json, headers } = await send('plain', 'invocations', { inputs: [setosa, virginica] })
  expect(json.predictions.label).toEqual([0, 2])
  expect(json.predictions.probabilities[1][2]).toBeGreaterThan(0.9)
  expect(headers).toMatchObject({ 'x-hagane-rows': '2', 'content-type': 'application/json' })
  const table = await send('plain', 'score', {
    input_data: { columns: ['a', 'b', 'c', 'd'], index: [0], data: [setosa] },
  })
  expect(table.json).toEqual([
    { label: 0, probabilities: [expect.any(Number), expect.any(Number), expect.any(Number)] },
  ])
})

test('columns are put in order by name, one that the model does not know is left out, an optional one may be missing', async () => {
  const records = [
    { d: 0.2, c: 1, b: 3.5, a: 5.1, colour: 'red' },
    { a: 5.1, b: 3.5, c: 1 },
  ]
  const { status, json } = await send('named', 'invocations', { dataframe_records: records })
  expect([status, json.predictions[0].label]).toEqual([200, 0])
  const csv = await send('named', 'invocations', 'b,a,d,c\n3.5,5.1,0.2,1\n3.3,"6.3",2.5,6\n', {
    'content-type': 'text/csv',
  })
  expect(csv.json.predictions.map((row: { label: number }) => row.label)).toEqual([0, 2])
})

test.each([
  [{ input_data: [[1, 2, 'x', 4]] }, "column 'c', row 0: expected long, found string 'x'"],
  [{ input_data: [setosa.with(2, 1), [1, 2, 3.5, 4]] }, "column 'c', row 1: expected long, found number 3.5"],
  [{ inputs: { a: [1], b: [2], d: [1] } }, "missing column 'c'"],
  [{ input_data: [[1, 2, 3]] }, 'row 0 has 3 values, expected 4'],
  [{ input_data: [[1, 2, null, 4]] }, "column 'c', row 0: expected long, found null"],
])('%j is refused by the signature before the model sees it', async (body, message) => {
  const { status, json } = await send('named', 'score', body)
  expect([status, json.error.message]).toEqual([400, message])
  expect(json.error.details[0]).toHaveProperty('property')
})

test.each([
  [{ inputs: [[1, 2, 3, true]] }, 400, "input 'X', row 0, column 3: expected FP32, found boolean"],
  [{ inputs: [[1, 2, 3, null]] }, 400, "input 'X', row 0, column 3: expected FP32, found null"],
  [{ inputs: [[1, 2], [1]] }, 400, "input 'X': expected shape [-1, 4], found [2, 2]"],
  [{ inputs: [setosa, [1, 2]] }, 400, "input 'X', row 1: expected 4 values, found 2"],
  [{ data: [[1]] }, 400, /exactly one of input_data, dataframe_split, .*found data/],
  ['{"inputs": [[NaN]]}', 400, /the body is not JSON/],
  ['', 400, /the body is not JSON/],
  ['[1]', 400, /must be a JSON object/],
])('%j is a 400 that says what is wrong', async (body, status, message) => {
  const reply = await send('plain', 'invocations', body)
  expect(reply.status).toBe(status)
  expect(reply.json.error.message).toMatch(message)
})

test('another content type is a 415 that names those that are read', async () => {
  const { status, json } = await send('plain', 'score', '<x/>', { 'content-type': 'text/xml' })
  expect([status, json.error.details[0].allowed]).toEqual([415, ['application/json', 'text/csv']])
})

test('requests that come together are answered each with its own rows', async () => {
  const asked = Array.from({ length: 200 }, (_, at) => ({ inputs: at % 3 === 0 ? [setosa, virginica] : [virginica] }))
  const replies = await Promise.all(asked.map(body => send('plain', 'score', body)))
  expect(replies.map(({ json }) => json.label)).toEqual(asked.map(({ inputs }) => (inputs.length === 2 ? [0, 2] : [2])))
})

test('a process that is killed under load costs no request: what it had is given to the next one', {
  timeout: 60_000,
}, async () => {
  const caller = load(
    { port: gateway.port, path: '/endpoints/plain/score', body: JSON.stringify({ inputs: [setosa] }) },
    8,
  )
  await caller.more(50)
  const before = (await gateway.status()).deployments.find(one => one.endpoint === 'plain')
  process.kill(before?.pid ?? 0, 'SIGKILL')
  await caller.more(200)
  await caller.stop()
  expect(caller.broken).toEqual([])
  expect(new Set(caller.replies.map(reply => reply.status))).toEqual(new Set([200]))
  expect((await gateway.status()).deployments.find(one => one.endpoint === 'plain')?.restarts).toBe(1)
})

test('a file that is no model fails its own deployment and says why', async () => {
  const broken = (await gateway.status()).deployments.find(one => one.endpoint === 'broken')
  expect(broken).toMatchObject({ state: 'failed', message: expect.stringMatching(/protobuf|load model/i) })
})
