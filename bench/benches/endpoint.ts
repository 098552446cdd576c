import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Cli, cliOf } from '../../tools/demo/cli.ts'
import { plainEnvironment, spawnLogged } from '../../tools/demo/processes.ts'
import type { Bench, BenchContext, Row, Target } from '../bench.ts'
import { freePort, waitUntilAnswering } from '../measure/answers.ts'
import { withHagane } from '../measure/hagane.ts'
import { type LoadResult, medianLoad } from '../measure/load.ts'
import { peerPython, runOrFail, servingRequirements } from '../measure/peer-python.ts'
import { deploymentYaml, endpointYaml, type ModelForm, requestBodies } from '../peers/serving-files.ts'

const peers = join(dirname(dirname(fileURLToPath(import.meta.url))), 'peers')
const [secondsEach, connectionCounts] = [5, [1, 32]]
const forms: readonly ModelForm[] = ['arrays', 'columns']

/** Where to send requests, and with which headers. */
interface Scoring {
  readonly url: string
  readonly headers: Record<string, string>
}

/** One scikit-learn model over REST, one worker, single rows through /invocations, by the same load generator. */
export const endpointLoad: Bench = {
  name: 'endpoint',
  about: 'scikit-learn model over REST with 1 and 32 connections, beside mlflow models serve',
  async run(context) {
    const bin = await peerPython(context.say)
    const models = join(context.folder, 'models')
    await mkdir(models)
    runOrFail(join(bin, 'python'), [join(peers, 'iris_models.py'), models, servingRequirements.join(',')])
    const rows: Row[] = []
    const ours = await oursByForm(context, models)
    for (const form of forms) {
      context.say(`mlflow models serve, ${form}`)
      const peer = await peerLoads(bin, join(models, form), form, context.folder)
      rows.push(...connectionCounts.flatMap((count, index) => rowsOf(form, count, ours[form][index], peer[index])))
    }
    return rows
  },
}

function oursByForm(context: BenchContext, models: string): Promise<Record<ModelForm, LoadResult[]>> {
  return withHagane(join(context.folder, 'ours'), async ({ url }) => {
    const cli = cliOf(url, context.folder)
    const results: Record<ModelForm, LoadResult[]> = { arrays: [], columns: [] }
    for (const form of forms) {
      context.say(`hagane endpoint, ${form}`)
      results[form] = await loads(await deploy(cli, `bench-${form}`, join(models, form), context.folder), form)
    }
    return results
  })
}

async function deploy(cli: Cli, name: string, model: string, folder: string): Promise<Scoring> {
  const [endpointFile, deploymentFile] = [join(folder, `${name}-endpoint.yml`), join(folder, `${name}-deployment.yml`)]
  await writeFile(endpointFile, endpointYaml(name))
  await writeFile(deploymentFile, deploymentYaml(name, model))
  await cli.run('online-endpoint', 'create', '-f', endpointFile)
  await cli.run('online-deployment', 'create', '-f', deploymentFile, '--all-traffic')
  const endpoint = await cli.json<{ scoring_uri: string }>('online-endpoint', 'show', '-n', name)
  const keys = await cli.json<{ primaryKey: string }>('online-endpoint', 'get-credentials', '-n', name)
  const url = endpoint.scoring_uri.replace(/\/score$/, '/invocations')
  return { url, headers: { authorization: `Bearer ${keys.primaryKey}` } }
}

async function peerLoads(bin: string, model: string, form: ModelForm, folder: string): Promise<LoadResult[]> {
  const port = await freePort()
  const args = ['models', 'serve', '-m', model, '--env-manager', 'local', '--port', String(port)]
  const env = plainEnvironment({ PATH: `${bin}:${process.env.PATH}` })
  const server = spawnLogged(join(bin, 'mlflow'), args, { logFile: join(folder, `serve-${form}.log`), env })
  try {
    await waitUntilAnswering(`http://127.0.0.1:${port}/health`, server)
    return await loads({ url: `http://127.0.0.1:${port}/invocations`, headers: {} }, form)
  } finally {
    await server.stop()
  }
}

async function loads({ url, headers }: Scoring, form: ModelForm): Promise<LoadResult[]> {
  const results: LoadResult[] = []
  for (const connections of connectionCounts)
    results.push(await medianLoad({ url, headers, body: requestBodies[form], connections, seconds: secondsEach }))
  return results
}

function rowsOf(form: ModelForm, connections: number, ours?: LoadResult, peer?: LoadResult): Row[] {
  if (ours === undefined || peer === undefined)
    throw new Error(`no figures for ${form} with ${connections} connections`)
  const target: Target | undefined = connections >= 8 ? { times: 4 } : undefined
  const row: Row = {
    work: `endpoint, ${form}, ${connections} connection${connections === 1 ? '' : 's'}`,
    unit: 'requests/s',
    ours: ours.requestsPerSecond,
    peer: peer.requestsPerSecond,
    peerName: 'mlflow models serve',
    target,
    note: `p50 ${ours.p50.toFixed(2)} against ${peer.p50.toFixed(2)} ms, p99 ${ours.p99.toFixed(1)} against ${peer.p99.toFixed(1)} ms`,
  }
  if (connections > 1) return [row]
  const p50: Row = {
    ...row,
    work: `${row.work}, p50`,
    unit: 'ms',
    ours: ours.p50,
    peer: peer.p50,
    target: { bound: 0.8 },
    note: undefined,
  }
  return [row, p50]
}
