import { join } from 'node:path'
import type { Bench, Row } from '../bench.ts'
import { type LoadResult, medianLoad } from '../measure/load.ts'
import { memoryOf } from '../measure/resources.ts'
import { trainedModels, withEndpoints, withServe } from '../measure/served-model.ts'
import { bareUvicorn, mlflowServe, type Scoring, servingPeers, withPeer } from '../measure/serving-peers.ts'
import { requestBodies } from '../peers/serving-files.ts'

const secondsEach = 4
const arrayConnections = [1, 8, 32, 128] as const
const columnConnections = [1, 32] as const
const onnxConnections = [32, 128] as const
/** Logistic regression of the same data, converted by skl2onnx. */
const onnxFile = join(import.meta.dirname, '../../packages/gateway/fixtures/iris.onnx')

/** One server under load, by number of connections. */
export interface Measured {
  readonly name: string
  readonly loads: ReadonlyMap<number, LoadResult>
  /** Processes of the server after the load, MB. */
  readonly memory?: number | undefined
  /** Start of its process to its first prediction, ms. */
  readonly startMs?: number
}

/** One scikit-learn model, one worker, single rows over REST, the same load generator for every server. */
export const endpointLoad: Bench = {
  name: 'endpoint',
  about: 'scikit-learn model over REST beside MLServer, BentoML, azureml-inference-server-http and mlflow models serve',
  async run(context) {
    const models = await trainedModels(context)
    // the memory of each server after the same loads
    const served = await withServe(context, `${models}/arrays`, requestBodies.arrays, async (scoring, startMs) => {
      const { memory } = await measured('hagane serve', scoring, arrayConnections)
      return { startMs, memory }
    })
    const { arrays, columns, onnx, deployMs } = await withEndpoints(context, async deploy => {
      context.say('hagane endpoints')
      const byArrays = await deploy('bench-arrays', `${models}/arrays`, requestBodies.arrays)
      const arrays = await measured('hagane', byArrays, arrayConnections)
      const byColumns = await deploy('bench-columns', `${models}/columns`, requestBodies.columns)
      const columns = await measured('hagane', byColumns, columnConnections)
      const byOnnx = await deploy('bench-onnx', onnxFile, requestBodies.arrays, 'custom_model')
      return { arrays, columns, onnx: await measured('hagane', byOnnx, onnxConnections), deployMs: byArrays.deployMs }
    })
    const peers: Measured[] = []
    for (const peer of [...servingPeers, bareUvicorn]) {
      const found = await withPeer(peer, models, context, async (scoring, startMs) => ({
        ...(await measured(peer.name, scoring, arrayConnections)),
        startMs,
      }))
      if (found !== undefined) peers.push(found)
    }
    const named = await withPeer(mlflowServe('columns'), models, context, scoring =>
      measured('mlflow models serve', scoring, columnConnections),
    )
    return [
      ...rowsOf({ ...arrays, ...served }, peers),
      ...onnxRows(onnx, peers.filter(isPeer)),
      ...(named === undefined ? [] : columnRows(columns, named)),
      {
        work: 'deployment of an MLflow model, environment built: create → answer',
        unit: 'ms',
        ours: deployMs,
        target: { bound: 3000 },
      },
    ]
  },
}

async function measured(name: string, scoring: Scoring, connections: readonly number[]): Promise<Measured> {
  const loads = new Map<number, LoadResult>()
  for (const count of connections)
    loads.set(count, await medianLoad({ ...scoring, connections: count, seconds: secondsEach }))
  return { name, loads, memory: await memoryOf(scoring.pid) }
}

function rowsOf(ours: Measured, all: readonly Measured[]): Row[] {
  const peers = all.filter(isPeer)
  return [
    ...arrayConnections.flatMap(count => loadRows(ours, peers, all, count)),
    ...against('memory of a server with one worker', 'MB', ours.memory, peers, peer => peer.memory, 1),
    ...against('start of a server to its first answer', 'ms', ours.startMs, peers, peer => peer.startMs, 1),
  ]
}

const isPeer = (measured: Measured): boolean => measured.name !== bareUvicorn.name

/** Rate and p99 against the best peer's rate, or the p50 of a single connection against the best p50. */
function loadRows(ours: Measured, peers: readonly Measured[], all: readonly Measured[], count: number): Row[] {
  const own = ours.loads.get(count) as LoadResult
  const best = bestBy(peers, peer => -rate(peer, count))
  const note = all.map(peer => `${peer.name} ${Math.round(rate(peer, count))}`).join(', ')
  const work = `endpoint, ${count} connection${count === 1 ? '' : 's'}`
  const times = count === 1 ? undefined : { target: { times: 4 } }
  const rates: Row = { work, unit: 'requests/s', ours: own.requestsPerSecond, note, ...times }
  const rows: Row[] = [best === undefined ? rates : { ...rates, peer: rate(best, count), peerName: best.name }]
  if (count === 1)
    return [...rows, ...against(`${work}, p50`, 'ms', own.p50, peers, peer => peer.loads.get(count)?.p50, 1.3)]
  const p99 = best?.loads.get(count)?.p99
  if (best !== undefined && p99 !== undefined)
    rows.push({ work: `${work}, p99`, unit: 'ms', ours: own.p99, peer: p99, peerName: best.name, target: { times: 1 } })
  const cost = `${work}, processor time of a request`
  rows.push(...against(cost, 'ms', own.processorMs, peers, peer => peer.loads.get(count)?.processorMs, 4))
  return rows
}

const rate = (peer: Measured, count: number): number => peer.loads.get(count)?.requestsPerSecond ?? 0

/** A row of what is better when small, against the peer that has least of it; none where it cannot be measured. */
function against(
  work: string,
  unit: 'ms' | 'MB',
  ours: number | undefined,
  peers: readonly Measured[],
  of: (peer: Measured) => number | undefined,
  times: number,
): Row[] {
  if (ours === undefined) return []
  const best = bestBy(
    peers.filter(peer => of(peer) !== undefined),
    peer => of(peer) ?? 0,
  )
  const row: Row = { work, unit, ours, target: { times } }
  return [best === undefined ? row : { ...row, peer: of(best) ?? 0, peerName: best.name }]
}

const bestBy = (peers: readonly Measured[], cost: (peer: Measured) => number): Measured | undefined =>
  [...peers].sort((a, b) => cost(a) - cost(b))[0]

/** The model as ONNX against the best peer's rate with the Python model. */
function onnxRows(ours: Measured, peers: readonly Measured[]): Row[] {
  return onnxConnections.map(count => {
    const best = bestBy(peers, peer => -rate(peer, count))
    const row: Row = {
      work: `the same as ONNX beside Python models, ${count} connections`,
      unit: 'requests/s',
      ours: rate(ours, count),
      target: { times: 10 },
    }
    return best === undefined ? row : { ...row, peer: rate(best, count), peerName: best.name }
  })
}

const columnRows = (ours: Measured, peer: Measured): Row[] =>
  columnConnections.map(count => ({
    work: `endpoint, named columns, ${count} connection${count === 1 ? '' : 's'}`,
    unit: 'requests/s',
    ours: rate(ours, count),
    peer: rate(peer, count),
    peerName: peer.name,
    target: count === 1 ? undefined : { times: 4 },
  }))
