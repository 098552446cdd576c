import { Client, credentials, Metadata, type ServiceError, status } from '@grpc/grpc-js'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { decode, encode } from './grpc/oip-proto.ts'
import { ask } from './testing/callers.ts'
import { endpointOf, irisOnnx, key, onnxDeployment, tableOf } from './testing/deployments.ts'
import { gatewayHere, type Running, untilReady } from './testing/gateways.ts'

let gateway: Running
let client: Client
beforeAll(async () => {
  const blue = onnxDeployment('blue', irisOnnx())
  gateway = await gatewayHere(tableOf(endpointOf('iris', [blue, onnxDeployment('green', irisOnnx())])))
  await untilReady(gateway, 2)
  const { grpc_port } = (await gateway.status()).gateway
  client = new Client(`127.0.0.1:${grpc_port}`, credentials.createInsecure())
})
afterAll(async () => {
  client.close()
  await gateway.stop()
})

const input = { name: 'X', datatype: 'FP32', shape: [1, 4], data: [5.1, 3.5, 1.4, 0.2] }
const rest = async (path: string, body?: unknown, headers: Record<string, string> = {}) => {
  const method = body === undefined ? 'GET' : 'POST'
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const reply = await ask({ port: gateway.port, path: `/endpoints/iris/v2${path}`, method, body: text, headers })
  return { ...reply, json: reply.text === '' ? undefined : JSON.parse(reply.text) }
}

test('REST: health, readiness and metadata; the endpoint is the model, its deployments are the versions', async () => {
  expect((await rest('/health/live')).json).toEqual({ live: true })
  expect((await rest('/models/iris/versions/green/ready')).json).toEqual({ name: 'iris', ready: true })
  expect((await rest('')).json).toMatchObject({ name: 'hagane', extensions: ['binary_tensor_data'] })
  expect((await rest('/models/iris')).json).toMatchObject({
    name: 'iris',
    versions: ['blue', 'green'],
    platform: 'onnxruntime_onnx',
    inputs: [{ name: 'X', datatype: 'FP32', shape: [-1, 4] }],
  })
})

test('REST: an answer has the id that was sent, and the prediction id under which it is recorded', async () => {
  const { status, json, headers } = await rest('/models/iris/versions/green/infer', { id: 'mine', inputs: [input] })
  const predictionId = headers['x-hagane-prediction-id']
  expect([status, headers['azureml-model-deployment']]).toEqual([200, 'green'])
  expect(json).toMatchObject({ model_name: 'iris', id: 'mine', parameters: { prediction_id: predictionId } })
  expect(json.outputs[0]).toEqual({ name: 'label', datatype: 'INT64', shape: [1], data: [0] })
  const only = await rest('/models/iris/infer', { inputs: [input], outputs: [{ name: 'label' }] })
  expect([only.json.outputs.length, only.json.id]).toEqual([1, only.headers['x-hagane-prediction-id']])
})

test.each([
  ['/models/none/infer', { inputs: [input] }, {}, 404, "endpoint 'iris' has no model 'none'"],
  ['/models/iris/versions/red/infer', { inputs: [input] }, {}, 404, "endpoint 'iris' has no deployment 'red'"],
  ['/models/iris/infer', { inputs: [input] }, { authorization: '' }, 401, 'the Authorization header is not'],
  ['/models/iris/infer', '{"inputs": [', {}, 400, 'the body is not JSON'],
  ['/models/iris/infer', { inputs: [] }, {}, 400, 'inputs: the body must be an object with a list of inputs'],
  ['/models/iris/infer', { inputs: [{ ...input, shape: [2, 4] }] }, {}, 400, "input 'X': its shape asks for 8 values"],
  ['/models/iris/infer', { inputs: [{ ...input, datatype: 'FP31' }] }, {}, 400, 'inputs[0].datatype: one of'],
  [
    '/models/iris/infer',
    { inputs: [{ ...input, data: [1, 2, 'x', 4] }] },
    {},
    400,
    "input 'X', row 0, column 2: expected FP32",
  ],
  ['/models/iris/infer', { inputs: [{ ...input, name: 'Y' }] }, {}, 400, "missing input 'X'"],
  ['/models/iris/infer', { inputs: [input], outputs: [{ name: 'z' }] }, {}, 400, "the model has no output 'z'"],
  [
    '/models/iris/infer',
    { inputs: [input] },
    { 'inference-header-content-length': '9999' },
    400,
    'Inference-Header-Content-Length',
  ],
  [
    '/models/iris/infer',
    { inputs: [input] },
    { 'inference-header-content-length': '-1' },
    400,
    'header inference-header-content-length',
  ],
  ['/models/iris/infer', { inputs: [input] }, { 'content-encoding': 'gzip' }, 400, 'header content-encoding'],
] as const)('REST: %s %j is refused with the message as text', async (path, body, headers, code, message) => {
  const reply = await rest(path, body, { ...headers })
  expect(reply.status).toBe(code)
  expect(reply.json.error).toEqual(expect.stringContaining(message))
})

/** One unary call; rejects with gRPC's error. */
function call<T>(
  method: string,
  request: object,
  headers: Record<string, string> = { authorization: `Bearer ${key}` },
) {
  const metadata = new Metadata()
  for (const [name, value] of Object.entries(headers)) metadata.set(name, value)
  return new Promise<{ value: T; trailer: Metadata }>((resolve, reject) => {
    let answered: T
    const unary = client.makeUnaryRequest(
      `/inference.GRPCInferenceService/${method}`,
      (value: object) => encode(`${method}Request`, value),
      (bytes: Buffer) => decode<T>(`${method}Response`, bytes),
      request,
      metadata,
      (error: ServiceError | null, value?: T) => {
        if (error !== null) reject(error)
        else answered = value as T
      },
    )
    unary.on('status', ({ code, metadata: trailer }) => code === status.OK && resolve({ value: answered, trailer }))
  })
}

interface InferResponse {
  id: string
  outputs: { name: string; shape: number[] }[]
  raw_output_contents: Buffer[]
}
const tensor = { name: 'X', datatype: 'FP32', shape: [1, 4] }
const raw = Buffer.from(new Float32Array(input.data).buffer)

test('gRPC: health and metadata need no key but for the model', async () => {
  expect((await call<{ live: boolean }>('ServerLive', {}, {})).value.live).toBe(true)
  expect((await call<{ ready: boolean }>('ModelReady', { name: 'iris' }, {})).value.ready).toBe(true)
  expect((await call<{ versions: string[] }>('ModelMetadata', { name: 'iris' })).value.versions).toEqual([
    'blue',
    'green',
  ])
  await expect(call('ModelMetadata', { name: 'iris' }, {})).rejects.toMatchObject({ code: status.UNAUTHENTICATED })
})

test.each([
  ['raw_input_contents', { inputs: [tensor], raw_input_contents: [raw] }],
  ['typed contents', { inputs: [{ ...tensor, contents: { fp32_contents: input.data } }] }],
])('gRPC: ModelInfer with %s; the prediction id is in the trailing metadata', async (_, tensors) => {
  const { value, trailer } = await call<InferResponse>('ModelInfer', {
    model_name: 'iris',
    model_version: 'green',
    ...tensors,
  })
  expect(value.outputs.map(({ name }) => name)).toEqual(['label', 'probabilities'])
  expect(value.raw_output_contents[0]?.readBigInt64LE()).toBe(0n)
  expect(trailer.get('x-hagane-prediction-id')).toEqual([value.id])
  expect(trailer.get('azureml-model-deployment')).toEqual(['green'])
})

test.each([
  ['an unknown endpoint', { model_name: 'none' }, status.NOT_FOUND],
  ['an unknown workspace', { model_name: 'team/iris' }, status.NOT_FOUND],
  ['an unknown deployment', { model_name: 'iris', model_version: 'red' }, status.NOT_FOUND],
  ['data of another size', { model_name: 'iris', raw_input_contents: [raw.subarray(4)] }, status.INVALID_ARGUMENT],
  ['too many raw contents', { model_name: 'iris', raw_input_contents: [raw, raw] }, status.INVALID_ARGUMENT],
])('gRPC: %s is refused with its own status', async (_, request, code) => {
  await expect(call('ModelInfer', { inputs: [tensor], raw_input_contents: [raw], ...request })).rejects.toMatchObject({
    code,
  })
})
