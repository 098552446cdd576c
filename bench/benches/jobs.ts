import { spawnSync } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Cli, cliOf } from '../../tools/demo/cli.ts'
import { type Bench, type BenchContext, median, type Row, repeat } from '../bench.ts'
import { withHagane } from '../measure/hagane.ts'
import { type ChainTimes, peerChain } from '../measure/orchestrators.ts'
import { haganeChain, haganeFan } from '../peers/hagane-chain.ts'
import { builtEnvironment } from './built-environment.ts'
import { queuedJobs } from './queued-jobs.ts'

const [short, long, wide] = [10, 30, 1000]
const rounds = 3

interface Ours {
  /** Whole commands, ms. */
  short: Required<ChainTimes>
  long: Required<ChainTimes>
  fanReused: number
}

/**
 * What steps of pipelines cost. A step beyond its own process: the difference between chains of 30 and of 10 steps of
 * `true`, per step, less a bare spawn of the same command; the start of the command line falls out of the difference.
 */
export const jobSteps: Bench = {
  name: 'jobs',
  about: 'steps of pipelines fresh and reused, and 10,000 queued jobs, beside Metaflow, Prefect and Dagster',
  async run(context) {
    const spawnMs = bareSpawn()
    context.say(`Hagane: chains of ${short} and ${long} steps and ${wide} at once, fresh and reused`)
    const { ours, built } = await withHagane(join(context.folder, 'ours'), async ({ url }) => ({
      ours: await haganeTimes(cliOf(url, context.folder), context),
      built: await builtEnvironment(url, context),
    }))
    const peers = {
      Metaflow: [await peerChain('metaflow', short, context), await peerChain('metaflow', long, context)],
      Prefect: [await peerChain('prefect', short, context)],
      Dagster: [await peerChain('dagster', short, context), await peerChain('dagster', long, context)],
    }
    return [...rowsOf(ours, peers, spawnMs), built, ...(await queuedJobs(context))]
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

async function haganeTimes(cli: Cli, context: BenchContext): Promise<Ours> {
  const chain = async (steps: number): Promise<Required<ChainTimes>> => {
    const file = join(context.folder, `chain-${steps}.yml`)
    await writeFile(file, haganeChain(steps))
    await commandTime(cli, file)
    const fresh = await repeat(rounds, () => commandTime(cli, file, '--set', 'settings.force_rerun=true'))
    return { fresh: median(fresh), reused: median(await repeat(rounds, () => commandTime(cli, file))) }
  }
  const fan = join(context.folder, 'fan.yml')
  await writeFile(fan, haganeFan(wide))
  const [shortTimes, longTimes] = [await chain(short), await chain(long)]
  await commandTime(cli, fan)
  const fanReused = median(await repeat(rounds, () => commandTime(cli, fan)))
  return { short: shortTimes, long: longTimes, fanReused }
}

/** `hagane job create -f FILE --stream`, start of the process to its end. */
async function commandTime(cli: Cli, file: string, ...more: string[]): Promise<number> {
  const started = performance.now()
  await cli.run('job', 'create', '-f', file, '--stream', ...more)
  return performance.now() - started
}

type Peers = Record<string, (ChainTimes | undefined)[]>

function rowsOf(ours: Ours, peers: Peers, spawnMs: number): Row[] {
  const further = (few: number, many: number): number => (many - few) / (long - short) - spawnMs
  const perStep = Object.entries(peers).map(([peerName, [few, many]]): [string, number | undefined] => [
    peerName,
    few === undefined || many === undefined ? undefined : further(few.fresh, many.fresh),
  ])
  const whole = (of: 'fresh' | 'reused') =>
    Object.entries(peers).map(([peerName, [few]]): [string, number | undefined] => [peerName, few?.[of]])
  const note = `a bare spawn takes ${spawnMs.toFixed(1)} ms`
  return [
    ...beside(
      {
        work: 'pipeline step beyond its process',
        unit: 'ms',
        ours: further(ours.short.fresh, ours.long.fresh),
        target: { bound: 30 },
        note,
      },
      perStep,
    ),
    ...beside(
      { work: `chain of ${short} steps, whole command`, unit: 'ms', ours: ours.short.fresh, target: { bound: 1000 } },
      whole('fresh'),
    ),
    ...beside(
      { work: `the same, all reused`, unit: 'ms', ours: ours.short.reused, target: { bound: 400 } },
      whole('reused'),
    ),
    {
      work: 'reused step',
      unit: 'ms',
      ours: (ours.fanReused - ours.short.reused) / (wide - short),
      target: { bound: 5 },
    },
    {
      work: `${wide} steps at once, all reused, whole command`,
      unit: 'ms',
      ours: ours.fanReused,
      target: { bound: 2000 },
    },
  ]
}

/** One row for each peer that could be measured; one without a peer when there is none. */
function beside(row: Row, peers: readonly [string, number | undefined][]): Row[] {
  const measured = peers.flatMap(([peerName, peer]) => (peer === undefined ? [] : [{ ...row, peer, peerName }]))
  return measured.length === 0 ? [row] : measured
}
