import { mkdir, writeFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Cli, cliOf } from '../../tools/demo/cli.ts'
import type { Bench, BenchContext, Row } from '../bench.ts'
import { withHagane } from '../measure/hagane.ts'
import { peerPython, runOrFail, servingRequirements } from '../measure/peer-python.ts'
import { batchDeploymentYaml } from '../peers/batch-files.ts'

const peers = join(dirname(dirname(fileURLToPath(import.meta.url))), 'peers')
const rows = Number(process.env.HAGANE_BENCH_ROWS ?? 10_000_000)
const megabyte = 2 ** 20

interface Timed {
  seconds: number
  /** bytes, of the largest process or of all of them together */
  peak: number
  /** seconds of processor time */
  cpu: number
}

/**
 * Ten million rows of eight numbers in one CSV file through a scikit-learn model that MLflow has saved: a batch endpoint
 * without code, beside a plain Python loop over the same file (pandas chunks, `predict`, `to_csv`), each with as many
 * processes as there are cores, two at most. The loop is started with its part of the file cut already.
 */
export const batchScoring: Bench = {
  name: 'batch',
  about: `${rows.toLocaleString('en')} rows through a batch endpoint, beside a plain Python loop; survives five kills`,
  async run(context) {
    const bin = await peerPython(context.say)
    const workers = Math.min(2, availableParallelism())
    const folder = join(context.folder, 'batch')
    await mkdir(folder)
    context.say('writing the model and the rows')
    runOrFail(join(bin, 'python'), [join(peers, 'batch_rows.py'), folder, String(rows), servingRequirements.join(',')])
    const loop = plainLoop(context, join(bin, 'python'), folder, workers)
    return withHagane(join(context.folder, 'ours'), async ({ url }) => {
      const cli = cliOf(url, context.folder)
      await deploy(cli, folder, workers)
      context.say('a first small job builds the environment')
      await score(cli, 'warm')
      context.say('hagane batch endpoint')
      const ours = await score(cli, 'rows')
      context.say('the same, its processes killed five times')
      const killed = await scoreKilled(context, join(bin, 'python'), folder, workers)
      return [...rowsOf(ours, loop, workers), killed]
    })
  },
}

function plainLoop({ say }: BenchContext, python: string, folder: string, workers: number): Timed {
  say(`plain Python loop, ${workers} processes`)
  const told = runOrFail(python, [join(peers, 'batch_loop.py'), folder, String(workers)])
  return JSON.parse(told.trim().split('\n').at(-1) ?? '') as Timed
}

async function deploy(cli: Cli, folder: string, workers: number): Promise<void> {
  const file = join(folder, 'deployment.yml')
  await writeFile(file, batchDeploymentYaml('bench-batch', join(folder, 'model'), workers))
  await cli.run('batch-endpoint', 'create', '-n', 'bench-batch')
  await cli.run('batch-deployment', 'create', '-f', file, '--set-default')
  for (const name of ['warm', 'rows'])
    await cli.run('data', 'create', '-n', name, '--type', 'uri_folder', '--path', join(folder, name))
}

/** From the job's start to its end, with what it used. */
async function score(cli: Cli, data: string): Promise<Timed> {
  const input = `azureml:${data}@latest`
  const { name } = await cli.json<{ name: string }>('batch-endpoint', 'invoke', '-n', 'bench-batch', '--input', input)
  await cli.run('job', 'stream', '-n', name)
  const job = await cli.json<Ended>('job', 'show', '-n', name)
  if (job.status !== 'Completed') throw new Error(`the batch job is ${job.status}`)
  const seconds = (Date.parse(job.end_time) - Date.parse(job.start_time)) / 1000
  const { peak_memory_bytes: peak = Number.NaN, cpu_seconds: cpu = Number.NaN } = job.usage ?? {}
  return { seconds, peak, cpu }
}

interface Ended {
  status: string
  start_time: string
  end_time: string
  usage?: { peak_memory_bytes?: number; cpu_seconds?: number }
}

/** The driver alone, whose processes are killed five times; each row must come exactly once. */
async function scoreKilled({ say }: BenchContext, python: string, folder: string, workers: number): Promise<Row> {
  const told = runOrFail(python, [join(peers, 'batch_kills.py'), folder, String(workers), '5'])
  const result = JSON.parse(told.trim().split('\n').at(-1) ?? '') as {
    rows: number
    wrong: number
    kills: number
    seconds: number
  }
  say(`${result.rows} rows after ${result.kills} kills, ${result.wrong} lost or twice`)
  return {
    work: `batch, rows lost or twice after ${result.kills} kills of a job of ${result.rows.toLocaleString('en')} rows`,
    unit: 'rows',
    ours: result.wrong,
    target: { bound: 0 },
    note: `${result.seconds.toFixed(1)} s with the kills`,
  }
}

const rowsOf = (ours: Timed, loop: Timed, workers: number): Row[] => [
  {
    work: `batch, ${rows.toLocaleString('en')} rows, ${workers} processes`,
    unit: 'rows/s',
    ours: rows / ours.seconds,
    peer: rows / loop.seconds,
    peerName: 'plain Python loop',
    target: { times: 0.9 },
    note: `${ours.seconds.toFixed(1)} against ${loop.seconds.toFixed(1)} s from start to end; processor time ${ours.cpu.toFixed(1)} against ${loop.cpu.toFixed(1)} s`,
  },
  {
    work: 'batch, memory of all its processes',
    unit: 'MB',
    ours: ours.peak / megabyte,
    peer: loop.peak / megabyte,
    peerName: 'plain Python loop',
  },
]
