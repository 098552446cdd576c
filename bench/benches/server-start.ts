import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type RunningServer, stopServer } from '../../tools/demo/server.ts'
import { type Bench, type BenchContext, median, type Row, repeat } from '../bench.ts'
import { startHagane } from '../measure/hagane.ts'
import { type MlflowServer, startMlflow } from '../measure/mlflow-server.ts'
import { peerPython } from '../measure/peer-python.ts'
import { memoryOf } from '../measure/resources.ts'

const idleSeconds = 5

interface Start {
  readonly ms: number
  readonly megabytes: number | undefined
}

/** Start to the first answer of /health over a data folder that exists, and memory after five idle seconds. */
export const serverStart: Bench = {
  name: 'server',
  about: 'start to ready and idle memory, beside mlflow server',
  async run(context) {
    const bin = await peerPython(context.say)
    const ours = await timedStarts(context, 'hagane up', join(context.folder, 'ours'), haganeOnce)
    const peer = await timedStarts(context, 'mlflow server', join(context.folder, 'peer'), folder =>
      mlflowOnce(bin, folder),
    )
    return rowsOf(ours, peer)
  },
}

/** The first start creates the database and is not counted; three follow. */
async function timedStarts(
  context: BenchContext,
  name: string,
  folder: string,
  once: (folder: string) => Promise<Start>,
) {
  await mkdir(folder, { recursive: true })
  context.say(`${name}: once to create its database, then three times`)
  await once(folder)
  return repeat(3, () => once(folder))
}

async function haganeOnce(folder: string): Promise<Start> {
  const started = performance.now()
  const server: RunningServer = await startHagane(folder)
  const ms = performance.now() - started
  await sleep(idleSeconds * 1000)
  const megabytes = await memoryOf(server.process.pid, folder)
  await stopServer(server)
  return { ms, megabytes }
}

async function mlflowOnce(bin: string, folder: string): Promise<Start> {
  const started = performance.now()
  const server: MlflowServer = await startMlflow(bin, folder)
  const ms = performance.now() - started
  await sleep(idleSeconds * 1000)
  const megabytes = await memoryOf(server.process.pid, folder)
  await server.process.stop()
  return { ms, megabytes }
}

function rowsOf(ours: readonly Start[], peer: readonly Start[]): Row[] {
  const peerName = 'mlflow server'
  const start: Row = {
    work: 'server start to ready',
    unit: 'ms',
    ours: median(ours.map(one => one.ms)),
    peer: median(peer.map(one => one.ms)),
    peerName,
    target: { times: 10, bound: 1000 },
  }
  const [mine, theirs] = [ours, peer].map(starts => starts.flatMap(({ megabytes }) => megabytes ?? []))
  if (mine === undefined || theirs === undefined || mine.length === 0 || theirs.length === 0) return [start]
  return [
    start,
    {
      work: 'idle memory of all processes',
      unit: 'MB',
      ours: median(mine),
      peer: median(theirs),
      peerName,
      target: { bound: 150 },
      note: 'shared pages once',
    },
  ]
}
