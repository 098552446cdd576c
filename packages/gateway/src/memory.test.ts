import { expect, test } from 'vitest'
import { ask } from './testing/callers.ts'
import { endpointOf, scoreDeployment, tableOf } from './testing/deployments.ts'
import { gatewayHere, untilReady } from './testing/gateways.ts'

const script = `
import json, subprocess, sys
def init():
    pass
def run(raw_data):
    asked = json.loads(raw_data)
    if asked.get("child"):
        subprocess.run([sys.executable, "-c", "x = bytearray(%d * 2 ** 20); import time; time.sleep(60)" % asked["child"]])
    return "small"
`

test('a worker that holds more than its limit is ended, its request is told why, and the next ones are answered', async () => {
  const limited = scoreDeployment('blue', script, { memory_limit: 200 * 2 ** 20 })
  const gateway = await gatewayHere(tableOf(endpointOf('m', [limited])))
  await untilReady(gateway, 1)
  const score = (body: object) => ask({ port: gateway.port, path: '/endpoints/m/score', body: JSON.stringify(body) })
  expect((await score({})).status).toBe(200)
  const reply = await score({ child: 400 })
  expect(reply.status).toBe(502)
  expect(JSON.parse(reply.text).error.message).toMatch(
    /^the worker was ended while it answered this request: it held \d+ MiB of memory, and resources.limits.memory gives it 200 MiB$/,
  )
  expect(reply.headers['x-hagane-prediction-id']).toMatch(/^pr-/)
  expect((await score({})).status).toBe(200)
  expect((await gateway.status()).deployments[0]?.restarts).toBe(2)
  await gateway.stop()
}, 60_000)
