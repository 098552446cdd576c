import { join } from 'node:path'
import type { Bench, Row } from '../bench.ts'
import { postJson } from '../measure/answers.ts'
import { withHagane } from '../measure/hagane.ts'
import { applyLoad, type LoadOptions, type LoadResult, medianLoad } from '../measure/load.ts'
import { withMlflow } from '../measure/mlflow-server.ts'
import { peerPython } from '../measure/peer-python.ts'

const [keys, steps, secondsEach] = [10, 100, 4]
const clientCounts = [1, 8]
/** Each of MLflow's four workers opens its store at its first request: enough connections to reach them all. */
const warmingConnections = 16

/** MLflow's `runs/log-batch` with 1000 metric points a request, every point new, one run per client. */
export const logBatch: Bench = {
  name: 'log-batch',
  about: 'log-batch of 1000 metrics with 1 and 8 clients, beside mlflow server',
  async run(context) {
    const bin = await peerPython(context.say)
    context.say('hagane up')
    const ours = await withHagane(join(context.folder, 'ours'), server => measure(server.url))
    context.say('mlflow server')
    const peer = await withMlflow(bin, join(context.folder, 'peer'), measure)
    return clientCounts.map((clients, index) => rowOf(clients, ours[index] as LoadResult, peer[index] as LoadResult))
  },
}

async function measure(url: string): Promise<LoadResult[]> {
  const api = `${url}/api/2.0/mlflow`
  const made = await postJson(`${api}/experiments/create`, { name: 'bench' })
  const { experiment_id: experiment } = made as { experiment_id: string }
  await applyLoad(await loadOf(api, experiment, warmingConnections))
  const results: LoadResult[] = []
  for (const clients of clientCounts) results.push(await medianLoad(await loadOf(api, experiment, clients)))
  return results
}

async function loadOf(api: string, experiment: string, connections: number): Promise<LoadOptions> {
  const runs: string[] = []
  for (let client = 0; client < connections; client++) runs.push(await createRun(api, experiment))
  return { url: `${api}/runs/log-batch`, body: batches(runs), connections, seconds: secondsEach }
}

async function createRun(api: string, experimentId: string): Promise<string> {
  const answer = await postJson(`${api}/runs/create`, { experiment_id: experimentId, start_time: Date.now() })
  return (answer as { run: { info: { run_id: string } } }).run.info.run_id
}

/** The next batch of each client: its steps go on where the last batch ended. */
function batches(runs: readonly string[]): (client: number) => string {
  const nextStep = runs.map(() => 0)
  return client => {
    const first = nextStep[client] ?? 0
    nextStep[client] = first + steps
    const points: string[] = []
    for (let step = first; step < first + steps; step++)
      for (let key = 0; key < keys; key++)
        points.push(
          `{"key":"metric_${key}","value":${step / (key + 1)},"timestamp":${1_700_000_000_000 + step},"step":${step}}`,
        )
    return `{"run_id":"${runs[client]}","metrics":[${points.join(',')}],"params":[],"tags":[]}`
  }
}

function rowOf(clients: number, ours: LoadResult, peer: LoadResult): Row {
  return {
    work: `log_batch of 1000 metrics, ${clients} client${clients === 1 ? '' : 's'}`,
    unit: 'requests/s',
    ours: ours.requestsPerSecond,
    peer: peer.requestsPerSecond,
    peerName: 'mlflow server',
    target: { times: 30 },
    note: `p99 ${ours.p99.toFixed(1)} ms against ${peer.p99.toFixed(0)} ms`,
  }
}
