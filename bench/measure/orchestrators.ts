import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type BenchContext, median, repeat } from '../bench.ts'
import { dagsterChain } from '../peers/dagster-chain.ts'
import { metaflowChain } from '../peers/metaflow-chain.ts'
import { prefectChain } from '../peers/prefect-chain.ts'
import { timeOf } from './peer-python.ts'
import { orchestrators, peerVenv } from './peer-venv.ts'

/** Milliseconds of whole commands: a chain that runs, and the same when nothing changed, where the peer knows that. */
export interface ChainTimes {
  readonly fresh: number
  readonly reused?: number
}

type Peer = keyof typeof orchestrators
const rounds = 3
/** A command that takes longer is run once, where a first run matters little: the whole bench should end within some minutes. */
const slowMs = 10_000

const commands: Record<
  Peer,
  { file: (steps: number) => string; fresh: readonly string[]; reused?: readonly string[] }
> = {
  metaflow: {
    file: metaflowChain,
    fresh: ['python', 'chain.py', '--quiet', 'run'],
    reused: ['python', 'chain.py', '--quiet', 'resume', 'end'],
  },
  prefect: { file: prefectChain, fresh: ['python', 'chain.py', 'fresh'], reused: ['python', 'chain.py', 'reused'] },
  dagster: { file: dagsterChain, fresh: ['dagster', 'job', 'execute', '-f', 'chain.py', '-j', 'chain'] },
}

/** Its own little server may take long to start the first time, and none of what it sends home is wanted. */
const prefectSettings = (folder: string) => ({
  PREFECT_HOME: folder,
  PREFECT_LOGGING_LEVEL: 'ERROR',
  PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS: '120',
  PREFECT_SERVER_ANALYTICS_ENABLED: 'false',
  DO_NOT_TRACK: '1',
})

/** The times of one peer's chain of `steps` steps; undefined where it cannot be installed. The first run of a fast one is not counted. */
export async function peerChain(peer: Peer, steps: number, context: BenchContext): Promise<ChainTimes | undefined> {
  const bin = await peerVenv(peer, orchestrators[peer], context.say)
  if (bin === undefined) return undefined
  context.say(`${peer}: a chain of ${steps} steps`)
  const folder = join(context.folder, `${peer}-${steps}`)
  await mkdir(folder, { recursive: true })
  const { file, fresh, reused } = commands[peer]
  await writeFile(join(folder, 'chain.py'), file(steps))
  const env = {
    USERNAME: 'bench',
    HOME: folder,
    METAFLOW_HOME: folder,
    DAGSTER_HOME: folder,
    ...prefectSettings(folder),
  }
  const timed = async ([program = '', ...args]: readonly string[]): Promise<number> => {
    const once = async () => timeOf(join(bin, program), args, { cwd: folder, env })
    const first = await once()
    return first > slowMs ? first : median(await repeat(rounds, once))
  }
  const freshMs = await timed(fresh)
  return reused === undefined ? { fresh: freshMs } : { fresh: freshMs, reused: await timed(reused) }
}
