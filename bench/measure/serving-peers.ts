import { copyFile, mkdtemp, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type LoggedProcess, lastLines, plainEnvironment, spawnLogged } from '../../tools/demo/processes.ts'
import type { BenchContext } from '../bench.ts'
import { type ModelForm, requestBodies } from '../peers/serving-files.ts'
import { freePort } from './answers.ts'
import { sklearnVersion } from './peer-python.ts'
import { peerVenv } from './peer-venv.ts'

const files = join(dirname(dirname(fileURLToPath(import.meta.url))), 'peers', 'serving')

/** Where to send requests, and as what. */
export interface Scoring {
  readonly url: string
  readonly headers: Record<string, string>
  readonly body: string
  /** The process to which the server's processes belong. */
  readonly pid: number
}

interface Start {
  readonly program: string
  readonly args: readonly string[]
  readonly path: string
  readonly body: string
  readonly env?: NodeJS.ProcessEnv
}

/** A server that people put models behind: one worker, one row a request. */
export interface ServingPeer {
  readonly name: string
  readonly requirements: readonly string[]
  /** Writes what the server wants into its folder; `models` holds model.joblib and the MLflow models. */
  start(folder: string, models: string, port: number): Promise<Start>
}

const row = [5.1, 3.5, 1.4, 0.2]

export const servingPeers: readonly ServingPeer[] = [
  {
    name: 'MLServer',
    requirements: ['mlserver==1.7.1', 'mlserver-sklearn==1.7.1', 'uvloop<0.22', sklearnVersion],
    async start(folder, models, port) {
      const ports = { http_port: port, grpc_port: await freePort(), metrics_port: await freePort() }
      await writeFile(join(folder, 'settings.json'), JSON.stringify({ ...ports, debug: false, parallel_workers: 0 }))
      const parameters = { uri: join(models, 'model.joblib'), version: 'v1' }
      const settings = { name: 'iris', implementation: 'mlserver_sklearn.SKLearnModel', parameters }
      await writeFile(join(folder, 'model-settings.json'), JSON.stringify(settings))
      const body = { inputs: [{ name: 'x', shape: [1, row.length], datatype: 'FP64', data: row }] }
      return { program: 'mlserver', args: ['start', '.'], path: '/v2/models/iris/infer', body: JSON.stringify(body) }
    },
  },
  {
    name: 'azureml-inference-server-http',
    requirements: ['azureml-inference-server-http==1.5.1', sklearnVersion],
    async start(folder, models, port) {
      await copyFile(join(files, 'score.py'), join(folder, 'score.py'))
      const env = { AZUREML_MODEL_DIR: models, WORKER_COUNT: '1' }
      const args = ['--entry_script', 'score.py', '--port', String(port)]
      return { program: 'azmlinfsrv', args, path: '/score', body: JSON.stringify({ data: [row] }), env }
    },
  },
  {
    name: 'BentoML',
    requirements: ['bentoml==1.4.39', sklearnVersion],
    async start(folder, models, port) {
      await copyFile(join(files, 'service.py'), join(folder, 'service.py'))
      const env = { BENCH_MODEL_DIR: models, BENTOML_HOME: folder, BENTOML_DO_NOT_TRACK: 'true' }
      const args = ['serve', 'service:Iris', '--port', String(port)]
      return { program: 'bentoml', args, path: '/predict', body: JSON.stringify({ rows: [row] }), env }
    },
  },
  mlflowServe('arrays'),
]

/** `mlflow models serve` of the model that takes plain rows, or of the one that takes named columns. */
export function mlflowServe(form: ModelForm): ServingPeer {
  return {
    name: 'mlflow models serve',
    requirements: ['mlflow==3.17.2', 'pandas==3.1.1', 'skops==0.16.0', sklearnVersion],
    async start(_folder, models, port) {
      const args = ['models', 'serve', '-m', join(models, form), '--env-manager', 'local', '--port', String(port)]
      return { program: 'mlflow', args, path: '/invocations', body: requestBodies[form] }
    },
  }
}

/** Not a peer but the floor below all of them. */
export const bareUvicorn: ServingPeer = {
  name: 'bare uvicorn',
  requirements: ['uvicorn==0.38.0', 'uvloop==0.22.1', 'httptools==0.7.1', sklearnVersion],
  async start(folder, models, port) {
    await copyFile(join(files, 'bare_asgi.py'), join(folder, 'bare_asgi.py'))
    const args = ['bare_asgi:app', '--port', String(port), '--log-level', 'warning']
    const env = { BENCH_MODEL_DIR: models }
    return { program: 'uvicorn', args, path: '/', body: JSON.stringify({ rows: [row] }), env }
  },
}

/**
 * Starts a peer, waits for its first answer, and uses it. `startMs` is from the start of its process to that answer, at its
 * second start: the first one warms the file cache and is not counted, as for ours. Undefined where it cannot be installed.
 */
export async function withPeer<T>(
  peer: ServingPeer,
  models: string,
  context: BenchContext,
  use: (scoring: Scoring, startMs: number) => Promise<T>,
): Promise<T | undefined> {
  const bin = await peerVenv(peer.name, peer.requirements, context.say)
  if (bin === undefined) return undefined
  context.say(peer.name)
  await startOnce(peer, bin, models, context, async () => undefined)
  return startOnce(peer, bin, models, context, use)
}

async function startOnce<T>(
  peer: ServingPeer,
  bin: string,
  models: string,
  context: BenchContext,
  use: (scoring: Scoring, startMs: number) => Promise<T>,
): Promise<T> {
  const port = await freePort()
  const folder = await mkdtemp(join(context.folder, 'peer-'))
  const { program, args, path, body, env } = await peer.start(folder, models, port)
  const started = performance.now()
  const server = spawnLogged(join(bin, program), args, {
    logFile: join(folder, 'server.log'),
    cwd: folder,
    env: plainEnvironment({ PATH: `${bin}:${process.env.PATH}`, HOME: folder, ...env }),
  })
  const scoring = { url: `http://127.0.0.1:${port}${path}`, headers: {}, body, pid: server.pid }
  try {
    await firstAnswer(scoring, server)
    return await use(scoring, performance.now() - started)
  } finally {
    await server.stop()
  }
}

const giveUpMs = 180_000

/** Asks every 5 ms until a prediction is answered; fails when the server ends or nothing comes. */
export async function firstAnswer(scoring: Omit<Scoring, 'pid'>, server?: LoggedProcess): Promise<void> {
  const deadline = Date.now() + giveUpMs
  const { url, headers, body } = scoring
  const request = { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body }
  while (Date.now() < deadline && server?.hasEnded() !== true) {
    const answered = await fetch(url, request).then(
      async response => {
        await response.arrayBuffer()
        return response.ok
      },
      () => false,
    )
    if (answered) return
    await new Promise(resolve => setTimeout(resolve, 5))
  }
  throw new Error(`${url} never answered${server === undefined ? '' : `; ${await lastLines(server.logFile)}`}`)
}
