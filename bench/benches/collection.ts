import { mkdir, mkdtemp, readdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runTabular } from '@hagane/tabular'
import { endpointOf, key, scoreDeployment, tableOf } from '../../packages/gateway/src/testing/deployments.ts'
import { gatewayProcess, untilReady } from '../../packages/gateway/src/testing/gateways.ts'
import { type Bench, median, type Row } from '../bench.ts'
import { applyLoad, type LoadResult } from '../measure/load.ts'

/** Answers at once, so that the gateway and not the model is what is measured. */
const script = 'def init():\n    pass\n\n\ndef run(raw_data):\n    return [0.5]\n'
const row = { sepal_length: 5.1, sepal_width: 3.5, petal_length: 1.4, petal_width: 0.2, species: 'setosa' }
const body = JSON.stringify({ dataframe_records: [row] })
const everything = { request: 1, response: 1, model_inputs: 1, model_outputs: 1 }
const [rounds, secondsEach, connections] = [7, 3, 32]

/** Two endpoints of the same script in one gateway, asked in turns: one collects all there is, the other nothing. */
export const collection: Bench = {
  name: 'collection',
  about: 'throughput of an endpoint that collects every request, beside one that does not',
  async run({ folder, say }) {
    const dir = join(folder, 'gateway')
    await mkdir(dir)
    const plan = { collections: everything, headers: [], redact: {}, copies: {} }
    const [off, on] = [scoreDeployment('blue', script), scoreDeployment('blue', script, { collection: plan })]
    const table = tableOf(endpointOf('off', [off]), endpointOf('on', [on]))
    await writeFile(join(dir, 'table.json'), JSON.stringify({ table, serving: {} }))
    const gateway = await gatewayProcess(dir)
    const loads: Record<'off' | 'on', LoadResult[]> = { off: [], on: [] }
    try {
      await untilReady(gateway, 2)
      const { pid } = (await gateway.status()).gateway
      const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' }
      const load = (name: 'off' | 'on', seconds = secondsEach) =>
        applyLoad({
          url: `http://127.0.0.1:${gateway.port}/endpoints/${name}/score`,
          headers,
          body,
          ...{ connections, pid },
          seconds,
        })
      say('an endpoint with and without collection')
      for (const name of ['off', 'on'] as const) await load(name, 2)
      for (let round = 0; round < rounds; round++)
        for (const name of round % 2 === 0 ? (['off', 'on'] as const) : (['on', 'off'] as const))
          loads[name].push(await load(name))
    } finally {
      await gateway.stop()
    }
    say('turning what was collected into Parquet')
    return [...throughput(loads), await conversion(join(dir, 'captures', on.revision_id), folder, loads.on)]
  },
}

function throughput({ off, on }: Record<'off' | 'on', LoadResult[]>): Row[] {
  const of = (loads: LoadResult[], value: (load: LoadResult) => number) => median(loads.map(value))
  const work = `endpoint that collects everything, ${connections} connections`
  const against = { peerName: 'the same without collection' }
  return [
    {
      ...{ work, unit: 'requests/s', ...against, target: { times: 0.95 } },
      ours: of(on, load => load.requestsPerSecond),
      peer: of(off, load => load.requestsPerSecond),
    },
    {
      ...{ work: `${work}, processor time of a request`, unit: 'ms', ...against, target: { times: 0.95 } },
      ours: of(on, load => load.processorMs ?? Number.NaN),
      peer: of(off, load => load.processorMs ?? Number.NaN),
    },
    {
      ...{ work: `${work}, p99`, unit: 'ms', ...against, target: { times: 0.9 } },
      ours: of(on, load => load.p99),
      peer: of(off, load => load.p99),
    },
  ]
}

/** One capture file to five Parquet files in a process of its own; the rate has to be far above that of requests. */
async function conversion(captures: string, folder: string, on: LoadResult[]): Promise<Row> {
  const files = (await readdir(captures)).filter(file => file.endsWith('.capture')).map(file => join(captures, file))
  const started = performance.now()
  let [rows, bytes] = [0, 0]
  for (const capture of files) {
    const out = await mkdtemp(join(folder, 'tables-'))
    const { tables } = await runTabular({ kind: 'convert', capture, folder: out, redactionKey: 'k' })
    rows += tables.find(({ table }) => table === 'predictions')?.rows ?? 0
    bytes += (await stat(capture)).size
  }
  const seconds = (performance.now() - started) / 1000
  const rate = median(on.map(load => load.requestsPerSecond))
  const note = `${rows} requests, ${(bytes / 2 ** 20).toFixed(0)} MB; one second of requests takes ${((rate * seconds) / rows).toFixed(2)} s`
  return { work: 'collected requests turned into Parquet', unit: 'requests/s', ours: rows / seconds, note }
}
