import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type GatewayDeployment, type GatewayEndpoint, type GatewayTable, gatewayTable } from '@hagane/contract'

export const key = 'the-secret-key-of-the-test-endpoint'
export const keyHash = createHash('sha256').update(key).digest('hex')

/** The interpreter behind `python3`, so that the worker starts without a shim. */
export const python = execFileSync('python3', ['-c', 'import sys; print(sys.executable)'], { encoding: 'utf8' }).trim()

export const temporaryFolder = (): string => mkdtempSync(join(tmpdir(), 'hagane-gateway-'))

/** A score.py that says who answered, with the input it was given. */
export const echoScript = (who: string): string => `
import json
def init():
    pass
def run(raw_data):
    return {"who": ${JSON.stringify(who)}, "got": json.loads(raw_data)}
`

let revisions = 0
export function freshRevision(): string {
  revisions += 1
  return createHash('sha256').update(`${process.pid} ${revisions}`).digest('hex').slice(0, 16)
}

/** A deployment of a scoring script that is written to a folder of its own. */
export function scoreDeployment(
  name: string,
  script: string,
  more: Partial<GatewayDeployment> & { files?: Record<string, string> } = {},
): GatewayDeployment {
  const { files = {}, ...settings } = more
  const folder = temporaryFolder()
  for (const [path, content] of Object.entries({ 'score.py': script, ...files })) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), content)
  }
  const probe = { initial_delay: 10, period: 10, timeout: 2, success_threshold: 1, failure_threshold: 30 }
  return {
    name,
    revision_id: freshRevision(),
    runtime: { kind: 'python-score', python, code_dir: folder, scoring_script: 'score.py', model_dir: folder },
    workers: 1,
    environment_variables: {},
    request_settings: { request_timeout_ms: 20_000, max_queue_wait_ms: 20_000 },
    liveness_probe: probe,
    readiness_probe: probe,
    ...settings,
  }
}

/** A deployment of a server program in Python, which is written to a folder of its own and started by `command`. */
export function serverDeployment(
  name: string,
  program: string,
  more: Partial<GatewayDeployment> & { command?: string } = {},
): GatewayDeployment {
  const { command = `exec ${python} server.py`, ...settings } = more
  const deployment = scoreDeployment(name, '', { files: { 'server.py': program }, ...settings })
  const { code_dir } = deployment.runtime as { code_dir: string }
  const route = (path: string) => ({ path, port: 8501 })
  return {
    ...deployment,
    runtime: {
      kind: 'command',
      command,
      python,
      code_dir,
      model_dir: code_dir,
      liveness_route: route('/live'),
      readiness_route: route('/ready'),
      scoring_route: route('/v1/models/half:predict'),
    },
  }
}

/**
 * A logistic regression on scikit-learn's iris data as ONNX: input `X` float32 [-1, 4], outputs `label` int64 [-1] and
 * `probabilities` float32 [-1, 3]. Made by skl2onnx 1.20 with `zipmap` off.
 */
export const irisOnnx = (): Buffer => readFileSync(join(import.meta.dirname, '../../fixtures/iris.onnx'))

/** A deployment of the bytes of an ONNX model. */
export function onnxDeployment(
  name: string,
  bytes: Uint8Array,
  more: Partial<GatewayDeployment> & { columns?: OnnxRuntime['columns'] } = {},
): GatewayDeployment {
  const { columns, ...settings } = more
  const deployment = scoreDeployment(name, '', settings)
  const { model_dir = '' } = deployment.runtime as { model_dir?: string }
  const model_file = join(model_dir, 'model.onnx')
  writeFileSync(model_file, bytes)
  return {
    ...deployment,
    runtime: { kind: 'onnx', model_file, model_dir, ...(columns === undefined ? {} : { columns }) },
  }
}

type OnnxRuntime = Extract<GatewayDeployment['runtime'], { kind: 'onnx' }>

export const endpointOf = (
  name: string,
  deployments: GatewayDeployment[],
  more: Partial<GatewayEndpoint> = {},
): GatewayEndpoint => ({
  workspace: 'default',
  name,
  auth_mode: 'key',
  key_hashes: [keyHash],
  token_hashes: [],
  public_network_access: 'enabled',
  traffic: { [deployments[0]?.name ?? 'blue']: 100 },
  mirror_traffic: {},
  deployments,
  ...more,
})

let tables = 0
export function tableOf(...endpoints: GatewayEndpoint[]): GatewayTable {
  tables += 1
  return gatewayTable.parse({ revision: `table-${tables}`, endpoints })
}
