import { afterAll, beforeAll, expect, test } from 'vitest'
import { ask } from './testing/callers.ts'
import { endpointOf, key, scoreDeployment, tableOf } from './testing/deployments.ts'
import { gatewayHere, type Running, untilReady } from './testing/gateways.ts'

/** One script that does what its input says, so that one worker serves every case. */
const script = `
import json, os, time
def init():
    global model_dir
    model_dir = os.environ["AZUREML_MODEL_DIR"]
def run(raw_data, request_headers):
    asked = json.loads(raw_data)
    if asked.get("do") == "raise":
        raise ValueError("secret detail")
    if asked.get("do") == "text":
        return json.dumps([1, 2])
    if asked.get("do") == "forever":
        while True:
            time.sleep(0.01)
    if asked.get("do") == "set":
        return {1, 2}
    if asked.get("do") == "header":
        return request_headers.get("X-Asked")
    if asked.get("do") == "auth":
        return "Authorization" in request_headers
    return {"type": type(raw_data).__name__, "model_dir": os.path.isdir(model_dir), "got": asked}
`
const raw = `
from azureml.contrib.services.aml_request import rawhttp
from azureml.contrib.services.aml_response import AMLResponse
def init():
    pass
@rawhttp
def run(request):
    if request.method == "GET":
        return {"asked": request.args.get("x")}
    if request.files:
        return [[file.filename, len(file.read())] for file in request.files.getlist("file[]")]
    if request.headers.get("x-fail"):
        return AMLResponse("no", 503, {"Retry-After": "9"})
    return AMLResponse(request.get_data()[::-1], 201, {"Content-Type": "application/octet-stream", "X-Own": "1"})
`

let gateway: Running
const score = (endpoint: string, body: string | Buffer, headers: Record<string, string> = {}, path = 'score') =>
  ask({ port: gateway.port, path: `/endpoints/${endpoint}/${path}`, body, headers })

beforeAll(async () => {
  const quick = { request_timeout_ms: 1500, max_queue_wait_ms: 1500 }
  gateway = await gatewayHere(
    tableOf(
      endpointOf('script', [scoreDeployment('blue', script, { request_settings: quick })]),
      endpointOf('raw', [scoreDeployment('blue', raw)]),
      endpointOf('idle', [scoreDeployment('blue', script)], { traffic: {}, workspace: 'team' }),
    ),
  )
  await untilReady(gateway, 3)
})
afterAll(() => gateway.stop())

test('run() is given the body as text and what it returns is dumped as JSON', async () => {
  const reply = await score('script', '{"x": [1, "é"]}')
  expect(reply.status).toBe(200)
  expect(JSON.parse(reply.text)).toEqual({ type: 'str', model_dir: true, got: { x: [1, 'é'] } })
  expect(reply.headers).toMatchObject({
    'content-type': 'application/json',
    'x-ms-run-function-failed': 'False',
    'azureml-model-deployment': 'blue',
    'x-hagane-rows': '1',
  })
})

test('text that run() returns is dumped too, so it arrives encoded twice as on Azure', async () => {
  expect((await score('script', '{"do": "text"}')).text).toBe('"[1, 2]"')
})

test('an error in run() is a 500 that says so in a header and keeps its text in the log', async () => {
  const reply = await score('script', '{"do": "raise"}')
  expect(reply.status).toBe(500)
  expect(reply.headers['x-ms-run-function-failed']).toBe('True')
  expect(reply.text).not.toContain('secret detail')
  const { error } = JSON.parse(reply.text)
  expect(error).toMatchObject({ code: 'internal', message: 'the scoring script raised an error' })
  expect(error.hint).toContain(reply.headers['x-hagane-prediction-id'])
})

test('what cannot be written as JSON is the script failing, not the gateway', async () => {
  const reply = await score('script', '{"do": "set"}')
  expect(reply.status).toBe(500)
  expect(reply.text).toContain('run() returned a set')
})

test('a run() that does not end is stopped, answered as 504, and the worker goes on', async () => {
  const reply = await score('script', '{"do": "forever"}')
  expect(reply.status).toBe(504)
  expect(JSON.parse(reply.text).error.code).toBe('timeout')
  expect((await score('script', '{"x": 1}')).status).toBe(200)
  expect((await gateway.status()).deployments.find(one => one.endpoint === 'script')?.restarts).toBe(0)
})

test('request_headers hold what the caller sent, but never the key', async () => {
  expect((await score('script', '{"do": "header"}', { 'x-asked': 'yes' })).text).toBe('"yes"')
  expect((await score('script', '{"do": "auth"}')).text).toBe('false')
})

test('a request id is echoed, a new one is made when it is missing or not harmless to print', async () => {
  expect((await score('script', '{}', { 'x-ms-request-id': 'mine-1' })).headers['x-ms-request-id']).toBe('mine-1')
  const odd = (await score('script', '{}', { 'x-ms-request-id': 'a<b' })).headers['x-ms-request-id']
  expect(odd).toMatch(/^[0-9a-f-]{36}$/)
})

test('@rawhttp hands over bytes, files and query, and responses keep status and headers', async () => {
  const bytes = await score('raw', Buffer.from('abc'), { 'content-type': 'application/octet-stream' })
  expect([bytes.status, bytes.text]).toEqual([201, 'cba'])
  expect(bytes.headers).toMatchObject({ 'content-type': 'application/octet-stream', 'x-own': '1' })
  const form = '--b\r\nContent-Disposition: form-data; name="file[]"; filename="a.bin"\r\n\r\nxyz\r\n--b--\r\n'
  const upload = await score('raw', form, { 'content-type': 'multipart/form-data; boundary=b' })
  expect(JSON.parse(upload.text)).toEqual([['a.bin', 3]])
  const failed = await score('raw', 'x', { 'x-fail': '1' })
  expect([failed.status, failed.headers['retry-after'], failed.headers['x-ms-run-function-failed']]).toEqual([
    503,
    '9',
    'True',
  ])
  const got = await ask({ port: gateway.port, path: '/endpoints/raw/score?x=5', method: 'GET' })
  expect(JSON.parse(got.text)).toEqual({ asked: '5' })
})

test.each([
  ['no key', '/endpoints/script/score', { authorization: '' }, 401, 'unauthenticated'],
  ['a wrong key', '/endpoints/script/score', { authorization: 'Bearer nope' }, 401, 'unauthenticated'],
  ['an unknown endpoint', '/endpoints/none/score', {}, 404, 'not_found'],
  ['an endpoint of another workspace', '/endpoints/idle/score', {}, 404, 'not_found'],
  ['an endpoint without traffic', '/ws/team/endpoints/idle/score', {}, 404, 'not_found'],
  ['an unknown deployment', '/endpoints/script/score', { 'azureml-model-deployment': 'red' }, 404, 'not_found'],
  ['an unknown path', '/score', {}, 404, 'not_found'],
])('%s is refused in the shape of every error', async (_, path, headers, status, code) => {
  const reply = await ask({ port: gateway.port, path, headers })
  expect(reply.status).toBe(status)
  expect(JSON.parse(reply.text).error).toMatchObject({ code, message: expect.any(String) })
})

test('the header azureml-model-deployment reaches a deployment without traffic, below its workspace', async () => {
  const headers = { 'azureml-model-deployment': 'blue' }
  const reply = await ask({ port: gateway.port, path: '/ws/team/endpoints/idle/score', headers })
  expect([reply.status, reply.headers['azureml-model-deployment']]).toEqual([200, 'blue'])
})

test('a body over the limit is a 413 that names the limit', async () => {
  const reply = await score('script', Buffer.alloc(2 ** 20 + 1, 'x'))
  expect(reply.status).toBe(413)
  expect(JSON.parse(reply.text).error.message).toContain('1048576')
})

test('another method than POST, GET or OPTIONS is a 405', async () => {
  const reply = await ask({ port: gateway.port, path: '/endpoints/script/score', method: 'PUT' })
  expect([reply.status, reply.headers.allow]).toEqual([405, 'POST, GET, OPTIONS'])
})

test('OPTIONS is answered with nothing, but by the script where it is handed the request', async () => {
  const options = (endpoint: string) =>
    ask({
      port: gateway.port,
      path: `/endpoints/${endpoint}/score`,
      method: 'OPTIONS',
      body: '',
      headers: { authorization: `Bearer ${key}` },
    })
  const script = await options('script')
  expect([script.status, script.text]).toEqual([200, ''])
  expect((await options('raw')).status).toBe(201)
})

test('the ids that Azure ML’s server echoes come back', async () => {
  const ids = { 'x-ms-client-request-id': 'mine-2', 'x-request-id': 'mine-3', traceid: 'mine-4' }
  const { headers } = await score('script', '{}', ids)
  expect(headers).toMatchObject({ ...ids, 'x-ms-request-id': 'mine-2' })
})

test('a failure has the message where clients of Azure ML’s server and of MLflow look for it', async () => {
  const wrong = await score('raw', 'x', { authorization: 'Bearer wrong' })
  expect(JSON.parse(wrong.text)).toMatchObject({ message: JSON.parse(wrong.text).error.message })
  const mlflow = await score('script', '{}', { authorization: 'Bearer wrong' }, 'invocations')
  expect(JSON.parse(mlflow.text)).toMatchObject({ error_code: 'UNAUTHENTICATED', message: expect.any(String) })
})

test('health is open, the swagger documents ask for the key', async () => {
  const health = await ask({
    port: gateway.port,
    path: '/endpoints/script/',
    method: 'GET',
    headers: { authorization: '' },
  })
  expect([health.status, health.text]).toEqual([200, 'Healthy'])
  const path = '/endpoints/script/swagger.json'
  expect((await ask({ port: gateway.port, path, method: 'GET', headers: { authorization: '' } })).status).toBe(401)
  expect(JSON.parse((await ask({ port: gateway.port, path, method: 'GET' })).text).swagger).toBe('2.0')
  const three = await ask({ port: gateway.port, path: `${path}?version=3`, method: 'GET' })
  expect(JSON.parse(three.text)).toMatchObject({ openapi: '3.0.3', servers: [{ url: '/endpoints/script' }] })
})

test('every answer carries a prediction id under which its record is found, also when the model failed', async () => {
  const { readFileSync } = await import('node:fs')
  const token = readFileSync(`${gateway.dir}/admin-token`, 'utf8').trim()
  for (const [body, status] of [
    ['{"x": 1}', 200],
    ['{"do": "raise"}', 500],
  ] as const) {
    const id = String((await score('script', body)).headers['x-hagane-prediction-id'])
    const path = `/admin/predictions/${id}-0`
    const found = await ask({ port: gateway.port, path, method: 'GET', headers: { authorization: `Bearer ${token}` } })
    expect(JSON.parse(found.text)).toMatchObject({ id, status, endpoint: 'script', deployment: 'blue' })
  }
  expect((await ask({ port: gateway.port, path: '/admin/status', method: 'GET' })).status).toBe(401)
})
