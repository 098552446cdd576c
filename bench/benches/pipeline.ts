import { spawnSync } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Cli, cliOf } from '../../tools/demo/cli.ts'
import { type Bench, type BenchContext, median, type Row, repeat } from '../bench.ts'
import { withHagane } from '../measure/hagane.ts'
import { peerPython, timeOf } from '../measure/peer-python.ts'
import { haganeChain } from '../peers/hagane-chain.ts'
import { metaflowChain } from '../peers/metaflow-chain.ts'

const [short, long] = [10, 30]
const peerName = 'Metaflow'

/** Milliseconds of a chain that runs, and of the same chain when nothing changed. */
interface ChainTimes {
  readonly fresh: number
  readonly reused: number
}

/**
 * What a step costs beyond its own process: the difference between chains of 30 and of 10 steps of `true`, per step, less
 * a bare spawn of the same command. The start of the command line and of the pipeline falls out of the difference. Then
 * the chain of 30 when nothing changed.
 */
export const pipelineSteps: Bench = {
  name: 'pipeline',
  about: 'cost of a pipeline step beyond its process, fresh and reused, beside Metaflow',
  async run(context) {
    const bin = await peerPython(context.say)
    const spawnMs = bareSpawn()
    context.say('Hagane: chains of 10 and 30 steps, three times fresh and three times reused')
    const ours = await withHagane(join(context.folder, 'ours'), async ({ url }) => {
      const cli = cliOf(url, context.folder)
      return [await haganeTimes(cli, context, short), await haganeTimes(cli, context, long)]
    })
    context.say('Metaflow: the same')
    const peer = [await metaflowTimes(bin, context, short), await metaflowTimes(bin, context, long)]
    return rowsOf(ours as [ChainTimes, ChainTimes], peer as [ChainTimes, ChainTimes], spawnMs)
  },
}

/** Starting `sh -c true` and waiting for it: the process itself. */
function bareSpawn(): number {
  const times = Array.from({ length: 50 }, () => {
    const started = performance.now()
    spawnSync('/bin/sh', ['-c', 'true'])
    return performance.now() - started
  })
  return median(times)
}

async function haganeTimes(cli: Cli, context: BenchContext, steps: number): Promise<ChainTimes> {
  const file = join(context.folder, `chain-${steps}.yml`)
  await writeFile(file, haganeChain(steps))
  const fresh = await repeat(3, () => pipelineTime(cli, file, '--set', 'settings.force_rerun=true'))
  const reused = await repeat(3, () => pipelineTime(cli, file))
  return { fresh: median(fresh), reused: median(reused) }
}

interface JobTimes {
  name: string
  status: string
  creation_context: { created_at: string }
  end_time?: string
  error?: { message: string }
}

/** Submit to end, by the server's clock. */
async function pipelineTime(cli: Cli, file: string, ...more: string[]): Promise<number> {
  const { name } = await cli.json<JobTimes>('job', 'create', '-f', file, ...more)
  for (;;) {
    const job = await cli.json<JobTimes>('job', 'show', '-n', name)
    if (job.status === 'Failed' || job.status === 'Canceled')
      throw new Error(`${name} ${job.status}: ${job.error?.message}`)
    if (job.status === 'Completed' && job.end_time !== undefined)
      return Date.parse(job.end_time) - Date.parse(job.creation_context.created_at)
    await sleep(200)
  }
}

async function metaflowTimes(bin: string, context: BenchContext, steps: number): Promise<ChainTimes> {
  const folder = join(context.folder, `metaflow-${steps}`)
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'chain.py'), metaflowChain(steps))
  const options = { cwd: folder, env: { USERNAME: 'bench', METAFLOW_HOME: folder, HOME: folder } }
  const python = join(bin, 'python')
  const fresh = await repeat(3, async () => timeOf(python, ['chain.py', '--quiet', 'run'], options))
  const reused = await repeat(3, async () => timeOf(python, ['chain.py', '--quiet', 'resume', 'end'], options))
  return { fresh: median(fresh), reused: median(reused) }
}

function rowsOf(ours: [ChainTimes, ChainTimes], peer: [ChainTimes, ChainTimes], spawnMs: number): Row[] {
  const furtherStep = ([tenSteps, thirtySteps]: [ChainTimes, ChainTimes]) =>
    (thirtySteps.fresh - tenSteps.fresh) / (long - short)
  return [
    {
      work: 'pipeline step beyond its process',
      unit: 'ms',
      ours: furtherStep(ours) - spawnMs,
      peer: furtherStep(peer) - spawnMs,
      peerName,
      target: { bound: 30 },
      note: `a bare spawn takes ${spawnMs.toFixed(1)} ms; chain of ${short} took ${ours[0].fresh.toFixed(0)} ms`,
    },
    {
      work: `chain of ${long} steps, all reused, per step`,
      unit: 'ms',
      ours: ours[1].reused / long,
      peer: peer[1].reused / long,
      peerName: `${peerName} resume`,
      target: { bound: 5 },
      note: `ours from submit to end, ${peerName} the whole command`,
    },
  ]
}
