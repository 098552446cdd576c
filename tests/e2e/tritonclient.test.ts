import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gatewayTable } from '@hagane/contract'
import { Gateway } from '@hagane/gateway'
import { pythonWith } from '@hagane/testkit'
import { afterAll, beforeAll, expect, it } from 'vitest'

const run = promisify(execFile)
const key = 'the-key-of-this-test'
const file = join(import.meta.dirname, '../../packages/gateway/fixtures/iris.onnx')

/** What an independent client says: it prints one JSON value. */
const script = (body: string): string => `
import json, sys
import numpy as np
import tritonclient.grpc as grpc, tritonclient.http as http
from tritonclient.utils import InferenceServerException
port, grpc_port = sys.argv[1:3]
rest = http.InferenceServerClient("127.0.0.1:%s/endpoints/iris" % port)
rpc = grpc.InferenceServerClient("127.0.0.1:%s" % grpc_port)
key = lambda: {"authorization": "Bearer ${key}"}
rows = np.array([[5.1, 3.5, 1.4, 0.2], [6.3, 3.3, 6, 2.5]], np.float32)
def tensor(kind, **more):
    given = kind.InferInput("X", [2, 4], "FP32")
    given.set_data_from_numpy(rows, **more)
    return given
def refusal(call):
    try:
        call()
    except InferenceServerException as error:
        return [error.status(), error.message()]
${body}
`

let python = ''
let folder = ''
let gateway: Gateway
beforeAll(async () => {
  python = await pythonWith(['tritonclient[http,grpc]'])
  folder = await mkdtemp(join(tmpdir(), 'hagane-triton-'))
  gateway = await Gateway.start({ dir: folder, host: '127.0.0.1', port: 0, maxBody: 2 ** 20 })
  const deployment = {
    name: 'blue',
    revision_id: '0123456789abcdef',
    runtime: { kind: 'onnx', model_file: file, model_dir: folder },
    workers: 1,
    environment_variables: {},
    request_settings: {},
    liveness_probe: {},
    readiness_probe: {},
  }
  const endpoint = {
    workspace: 'default',
    name: 'iris',
    auth_mode: 'key',
    key_hashes: [createHash('sha256').update(key).digest('hex')],
    traffic: { blue: 100 },
    deployments: [deployment],
  }
  gateway.use(gatewayTable.parse({ revision: '1', endpoints: [endpoint] }))
  while (gateway.report().deployments[0]?.state !== 'ready') await new Promise(done => setTimeout(done, 20))
})
afterAll(async () => {
  await gateway.close()
  await rm(folder, { recursive: true, force: true, maxRetries: 10 })
})

async function play(body: string): Promise<unknown> {
  const { port, grpc_port } = gateway.address
  const { stdout } = await run(python, ['-c', script(body), String(port), String(grpc_port)])
  return JSON.parse(stdout)
}

it('tritonclient finds the server and its model by both protocols', async () => {
  const found = await play(`
of = lambda client, **more: [client.is_server_live(), client.is_server_ready(), client.is_model_ready("iris")]
metadata = rest.get_model_metadata("iris", headers=key())
same = rpc.get_model_metadata("iris", headers=key(), as_json=True)
print(json.dumps([of(rest), of(rpc), metadata["inputs"], same["inputs"], same["versions"]]))`)
  expect(found).toEqual([
    [true, true, true],
    [true, true, true],
    [{ name: 'X', datatype: 'FP32', shape: [-1, 4] }],
    [{ name: 'X', datatype: 'FP32', shape: ['-1', '4'] }],
    ['blue'],
  ])
})

it('tritonclient infers with JSON, with binary tensors and by gRPC, and gets the same', async () => {
  const found = await play(`
answers = []
for binary in (True, False):
    outputs = [http.InferRequestedOutput(name, binary_data=binary) for name in ("label", "probabilities")]
    answers.append(rest.infer("iris", [tensor(http, binary_data=binary)], outputs=outputs, headers=key(), request_id="mine"))
answers.append(rpc.infer("iris", [tensor(grpc)], headers=key(), model_version="blue", request_id="mine"))
close = [bool(np.allclose(one.as_numpy("probabilities"), answers[0].as_numpy("probabilities"))) for one in answers]
print(json.dumps([[one.as_numpy("label").tolist() for one in answers], close, answers[0].get_response()["id"], answers[2].get_response().id]))`)
  expect(found).toEqual([
    [
      [0, 2],
      [0, 2],
      [0, 2],
    ],
    [true, true, true],
    'mine',
    'mine',
  ])
})

it('what is refused reaches tritonclient as its own exception with our words', async () => {
  const found = await play(`
wrong = http.InferInput("Y", [2, 4], "FP32").set_data_from_numpy(rows)
print(json.dumps([
    refusal(lambda: rest.infer("iris", [wrong], headers=key())),
    refusal(lambda: rest.infer("none", [tensor(http)], headers=key())),
    refusal(lambda: rpc.infer("iris", [tensor(grpc)])),
    refusal(lambda: rpc.infer("iris", [tensor(grpc)], headers=key(), model_version="green")),
]))`)
  expect(found).toEqual([
    ['400', "missing input 'X'"],
    ['404', "endpoint 'iris' has no model 'none'"],
    ['StatusCode.UNAUTHENTICATED', expect.stringContaining('no credentials were sent')],
    ['StatusCode.NOT_FOUND', expect.stringContaining("has no deployment 'green'")],
  ])
})
