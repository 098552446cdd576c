import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { findPrediction } from './predictions/find.ts'
import { ask, load, until } from './testing/callers.ts'
import { endpointOf, key, serverDeployment, tableOf, temporaryFolder } from './testing/deployments.ts'
import { gatewayHere, gatewayProcess, type Running, untilReady } from './testing/gateways.ts'

/** A server as people write them, with one route for each thing that is tried here. */
const program = `
import json, os, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def log_message(self, *args): pass
    def reply(self, status, body, headers=()):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in headers: self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD": self.wfile.write(data)
    def chunk(self, text):
        data = text.encode()
        self.wfile.write(b"%x\\r\\n%s\\r\\n" % (len(data), data))
        self.wfile.flush()
    def do(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path = self.path.split("?")[0]
        if path in ("/live", "/ready"): return self.reply(200, "up")
        if path == "/die": os._exit(3)
        if path == "/slow": time.sleep(30)
        if path == "/moved": return self.reply(307, "", [("Location", "http://127.0.0.1:%s/there" % os.environ["PORT"])])
        if path == "/sse":
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            self.chunk("data: first\\n\\n")
            while body == b"wait" and not os.path.exists("go"): time.sleep(0.02)
            self.chunk("data: last\\n\\n")
            self.wfile.write(b"0\\r\\n\\r\\n")
            return
        self.reply(200, {"method": self.command, "path": self.path, "body": body.decode(), "pid": os.getpid(),
                         "headers": {k.lower(): v for k, v in self.headers.items()}, "mapped": os.environ.get("PORT_8501"),
                         "model": os.environ.get("AZUREML_MODEL_DIR"), "cwd": os.getcwd()},
                   [("X-Own", "1"), ("Connection", "keep-alive"), ("X-Hagane-Prediction-Id", "forged")])
    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do

print("listening at", os.environ["PORT"], flush=True)
ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
`

let gateway: Running & { use(table: ReturnType<typeof tableOf>): void }
const quick = { request_timeout_ms: 1500, max_queue_wait_ms: 1500 }
const half = serverDeployment('blue', program, { request_settings: quick })

beforeAll(async () => {
  gateway = await gatewayHere(tableOf(endpointOf('half', [half])))
  await untilReady(gateway, 1)
})
afterAll(() => gateway.stop())

const at = (path: string, more: Partial<Parameters<typeof ask>[0]> = {}) =>
  ask({ port: gateway.port, path: `/endpoints/half${path}`, ...more })

test('/score reaches the scoring route of the server, with a prediction id and without the key', async () => {
  const reply = await at('/score?x=1', { body: '{"instances": [1]}', headers: { 'x-mine': 'yes' } })
  const got = JSON.parse(reply.text)
  expect(reply.status).toBe(200)
  expect(got).toMatchObject({ method: 'POST', path: '/v1/models/half:predict?x=1', body: '{"instances": [1]}' })
  expect(got.headers).toMatchObject({ 'x-mine': 'yes', 'x-forwarded-prefix': '/endpoints/half' })
  expect(got.headers.authorization).toBeUndefined()
  expect(got.headers.host).toBe(`127.0.0.1:${got.mapped}`)
  expect([got.model, got.cwd]).toEqual(Array(2).fill((half.runtime as { code_dir: string }).code_dir))
  const id = String(reply.headers['x-hagane-prediction-id'])
  expect(id).toMatch(/^pr-/)
  expect(reply.headers['x-own']).toBe('1')
  expect(await findPrediction(gateway.dir, id)).toMatchObject({ status: 200, endpoint: 'half' })
})

test('its own routes are reached below the endpoint with every method; only what is posted is a prediction', async () => {
  const shown = await at('/v1/models/half?a=b', { method: 'GET' })
  expect(JSON.parse(shown.text)).toMatchObject({ method: 'GET', path: '/v1/models/half?a=b' })
  expect(shown.headers['x-hagane-prediction-id']).toBeUndefined()
  expect(JSON.parse((await at('/x', { method: 'PUT', body: 'é' })).text)).toMatchObject({ method: 'PUT', body: 'é' })
  expect((await at('/x', { method: 'HEAD', body: '' })).status).toBe(200)
  const posted = await at('/invocations')
  expect(JSON.parse(posted.text).path).toBe('/invocations')
  expect(await findPrediction(gateway.dir, String(posted.headers['x-hagane-prediction-id']))).toBeDefined()
  expect((await at('/v1/models/half', { method: 'GET', headers: { authorization: '' } })).status).toBe(401)
  expect((await at('/', { method: 'GET' })).text).toBe('Healthy')
})

test('a redirect leads back through the endpoint', async () => {
  expect((await at('/moved')).headers.location).toBe('/endpoints/half/there')
})

test('an answer that comes in pieces is passed on as it comes, and recorded before its end', async () => {
  const pieces: string[] = []
  const id = await new Promise<string>((resolve, reject) => {
    const headers = { authorization: `Bearer ${key}` }
    const path = '/endpoints/half/sse'
    const call = request({ port: gateway.port, host: '127.0.0.1', path, method: 'POST', headers }, response => {
      response.on('data', (chunk: Buffer) => {
        pieces.push(chunk.toString())
        if (pieces.length === 1) writeFileSync(`${(half.runtime as { code_dir: string }).code_dir}/go`, '')
      })
      response.on('end', () => resolve(String(response.headers['x-hagane-prediction-id'])))
      expect(response.headers['content-type']).toBe('text/event-stream')
    })
    call.on('error', reject)
    call.end('wait')
  })
  expect(pieces).toEqual(['data: first\n\n', 'data: last\n\n'])
  const digest = createHash('sha256').update(pieces.join('')).digest('hex')
  expect(await findPrediction(gateway.dir, id)).toMatchObject({ status: 200, output_sha256: digest })
})

test('a request that takes too long is a 504, and others go on being answered meanwhile', async () => {
  const slow = at('/slow')
  expect((await at('/score')).status).toBe(200)
  expect((await slow).status).toBe(504)
  expect((await at('/score')).status).toBe(200)
})

test('a server that ends is started again on another port, and its requests are given to the new one once', async () => {
  const before = JSON.parse((await at('/score')).text)
  const died = await at('/die')
  expect([died.status, JSON.parse(died.text).error.message]).toEqual([502, expect.stringContaining('worker ended')])
  await until(async () => (await at('/score')).status === 200)
  const after = JSON.parse((await at('/score')).text)
  expect(after.pid).not.toBe(before.pid)
  const { restarts } = (await gateway.status()).deployments[0] ?? {}
  expect(restarts).toBe(2)
}, 60_000)

test('a new revision takes over under load without a failed request, and the old server gets SIGTERM', async () => {
  const run = load({ port: gateway.port, path: '/endpoints/half/score' }, 4)
  await run.more(20)
  const newer = serverDeployment('blue', program.replace('"X-Own", "1"', '"X-Own", "2"'))
  gateway.use(tableOf(endpointOf('half', [newer])))
  await until(() => run.replies.some(reply => reply.headers['x-own'] === '2'))
  await run.stop()
  expect(run.broken).toEqual([])
  expect(run.replies.filter(reply => reply.status !== 200)).toEqual([])
  await until(async () => (await gateway.status()).deployments.length === 1)
}, 60_000)

test('a server that never listens fails with the route that was tried and what the command printed', async () => {
  const probe = { initial_delay: 0, period: 1, timeout: 1, success_threshold: 1, failure_threshold: 1 }
  const deaf = serverDeployment('blue', '', { command: 'echo deaf; sleep 60', liveness_probe: probe })
  const broken = serverDeployment('green', '', { command: 'echo no such thing >&2; exit 7' })
  gateway.use(tableOf(endpointOf('deaf', [deaf, broken])))
  const found = async (name: string) => (await gateway.status()).deployments.find(one => one.deployment === name)
  await until(async () => (await found('blue'))?.state === 'failed' && (await found('green'))?.state === 'failed')
  expect((await found('blue'))?.message).toContain('readiness_route /ready (port 8501, which is $PORT_8501')
  expect((await found('green'))?.message).toBe('the worker ended with code 7')
  expect((await found('green'))?.log_tail).toContain('no such thing')
})

test('a request that waits for an answer in pieces gets the place when that has ended', async () => {
  const request_settings = {
    max_concurrent_requests_per_instance: 1,
    request_timeout_ms: 20_000,
    max_queue_wait_ms: 20_000,
  }
  const single = serverDeployment('blue', program, { request_settings })
  gateway.use(tableOf(endpointOf('single', [single])))
  await until(async () => (await gateway.status()).deployments.every(one => one.state === 'ready'))
  const path = '/endpoints/single'
  const streaming = ask({ port: gateway.port, path: `${path}/sse`, body: 'wait' })
  const metrics = async () => (await ask({ port: gateway.port, path: '/metrics', method: 'GET' })).text
  await until(async () => (await metrics()).includes('hagane_requests_total{'))
  const waiting = ask({ port: gateway.port, path: `${path}/score` })
  await until(async () => /^hagane_queue_length\{.*\} 1$/m.test(await metrics()))
  writeFileSync(`${(single.runtime as { code_dir: string }).code_dir}/go`, '')
  expect([(await streaming).status, (await waiting).status]).toEqual([200, 200])
}, 60_000)

test('a killed gateway takes the server with it', async () => {
  const dir = temporaryFolder()
  const table = tableOf(endpointOf('half', [serverDeployment('blue', program)]))
  writeFileSync(`${dir}/table.json`, JSON.stringify({ table }))
  const next = await gatewayProcess(dir)
  await untilReady(next, 1)
  const { pid } = JSON.parse((await ask({ port: next.port, path: '/endpoints/half/score' })).text)
  next.child.kill('SIGKILL')
  await until(() => {
    try {
      process.kill(pid, 0)
      return false
    } catch {
      return true
    }
  })
})
