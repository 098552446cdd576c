import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Cli, cliOf } from '../../tools/demo/cli.ts'
import { type LoggedProcess, spawnLogged } from '../../tools/demo/processes.ts'
import { haganeExecutable } from '../../tools/demo/server.ts'
import type { BenchContext } from '../bench.ts'
import { deploymentYaml, endpointYaml, type ModelType } from '../peers/serving-files.ts'
import { freePort } from './answers.ts'
import { withHagane } from './hagane.ts'
import { peerPython, runOrFail, servingRequirements } from './peer-python.ts'
import { firstAnswer, type Scoring } from './serving-peers.ts'

const peers = join(dirname(dirname(fileURLToPath(import.meta.url))), 'peers')

/** Trains the iris model and saves it in the forms that the servers take; the folder of all of them. */
export async function trainedModels(context: BenchContext): Promise<string> {
  const bin = await peerPython(context.say)
  const models = join(context.folder, 'models')
  await mkdir(models)
  runOrFail(join(bin, 'python'), [join(peers, 'iris_models.py'), models, servingRequirements.join(',')])
  return models
}

/** An endpoint of ours, as a user deploys it. */
export interface Deployed extends Scoring {
  /** `online-deployment create` to the first answer, of a model whose environment was built before. */
  readonly deployMs: number
}

/** Our server with its gateway, and a way to deploy MLflow models to it. */
export function withEndpoints<T>(
  context: BenchContext,
  use: (deploy: (name: string, model: string, body: string, type?: ModelType) => Promise<Deployed>) => Promise<T>,
): Promise<T> {
  const dataDir = join(context.folder, 'ours')
  return withHagane(dataDir, async ({ url }) => {
    const cli = cliOf(url, context.folder)
    return use(async (name, model, body, type) => {
      const uri = await endpoint(cli, name, context.folder)
      await deploy(cli, name, model, context.folder, type)
      const { primaryKey } = await cli.json<{ primaryKey: string }>('online-endpoint', 'get-credentials', '-n', name)
      const scoring = { url: uri, headers: { authorization: `Bearer ${primaryKey}` }, body }
      await firstAnswer(scoring)
      await cli.run('online-endpoint', 'update', '-n', name, '--traffic', 'blue=0')
      await cli.run('online-deployment', 'delete', '-n', 'blue', '-e', name, '--yes')
      const started = performance.now()
      await deploy(cli, name, model, context.folder, type)
      await firstAnswer(scoring)
      const deployMs = performance.now() - started
      const gateway = JSON.parse(await readFile(join(dataDir, 'gateway', 'gateway.json'), 'utf8')) as { pid: number }
      return { ...scoring, pid: gateway.pid, deployMs }
    })
  })
}

async function endpoint(cli: Cli, name: string, folder: string): Promise<string> {
  const file = join(folder, `${name}-endpoint.yml`)
  await writeFile(file, endpointYaml(name))
  await cli.run('online-endpoint', 'create', '-f', file)
  const { scoring_uri } = await cli.json<{ scoring_uri: string }>('online-endpoint', 'show', '-n', name)
  return scoring_uri.replace(/\/score$/, '/invocations')
}

async function deploy(cli: Cli, name: string, model: string, folder: string, type?: ModelType): Promise<void> {
  const file = join(folder, `${name}-deployment.yml`)
  await writeFile(file, deploymentYaml(name, model, type))
  await cli.run('online-deployment', 'create', '-f', file, '--all-traffic')
}

/**
 * `hagane serve` of a model folder whose environment is there: the server, and from the start of its process to its first
 * answer in ms.
 */
export async function withServe<T>(
  context: BenchContext,
  model: string,
  body: string,
  use: (scoring: Scoring, startMs: number) => Promise<T>,
): Promise<T> {
  const once = async (name: string): Promise<[LoggedProcess, Scoring, number]> => {
    const port = await freePort()
    const started = performance.now()
    const args = [haganeExecutable, 'serve', model, '--port', String(port)]
    const server = spawnLogged(process.execPath, args, { logFile: join(context.folder, `${name}.log`) })
    const scoring = { url: `http://127.0.0.1:${port}/invocations`, headers: {}, body, pid: server.pid }
    try {
      await firstAnswer(scoring, server)
    } catch (error) {
      await server.stop()
      throw error
    }
    return [server, scoring, performance.now() - started]
  }
  const [first] = await once('serve-building')
  await first.stop()
  const [server, scoring, startMs] = await once('serve')
  try {
    return await use(scoring, startMs)
  } finally {
    await server.stop()
  }
}
