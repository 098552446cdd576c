import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { endpointOf, key, python, scoreDeployment, tableOf } from '../../packages/gateway/src/testing/deployments.ts'
import { gatewayProcess, untilReady } from '../../packages/gateway/src/testing/gateways.ts'
import { type Bench, median, type Row } from '../bench.ts'
import { applyLoad } from '../measure/load.ts'
import { runOrFail } from '../measure/peer-python.ts'

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
const script = 'def init():\n    pass\n\n\ndef run(raw_data):\n    return 1\n'
const [rounds, secondsEach] = [5, 2]

type Latency = Record<'p50' | 'p99', number>

/** What the gateway adds: a single caller through it, less the same worker asked over its own socket, in turns. */
export const gatewayLatency: Bench = {
  name: 'gateway',
  about: 'latency that the gateway adds in front of a worker',
  async run({ folder, say }) {
    const [dir, code] = [join(folder, 'gateway'), join(folder, 'code')]
    await mkdir(dir)
    await mkdir(code)
    await writeFile(join(code, 'score.py'), script)
    const table = tableOf(endpointOf('echo', [scoreDeployment('blue', script)]))
    await writeFile(join(dir, 'table.json'), JSON.stringify({ table, serving: {} }))
    const gateway = await gatewayProcess(dir)
    try {
      await untilReady(gateway, 1)
      say('a worker with and without the gateway')
      const url = `http://127.0.0.1:${gateway.port}/endpoints/echo/score`
      const load = {
        url,
        headers: { authorization: `Bearer ${key}` },
        body: '[1]',
        connections: 1,
        seconds: secondsEach,
      }
      const [through, direct]: [Latency[], Latency[]] = [[], []]
      for (let round = 0; round < rounds; round++) {
        through.push(await applyLoad(load))
        direct.push(askDirectly(code))
      }
      return [addedRow('p50', through, direct, 0.3), addedRow('p99', through, direct, 1)]
    } finally {
      await gateway.stop()
    }
  },
}

function askDirectly(code: string): Latency {
  const client = join(root, 'bench', 'peers', 'serving', 'ask_worker.py')
  const worker = join(root, 'packages', 'python', 'worker')
  return JSON.parse(runOrFail(python, [client, worker, code, String(secondsEach)]).trim()) as Latency
}

function addedRow(share: keyof Latency, through: Latency[], direct: Latency[], bound: number): Row {
  const [within, bare] = [through, direct].map(list => median(list.map(one => one[share]))) as [number, number]
  const note = `${within.toFixed(2)} ms through it, ${bare.toFixed(2)} ms over the worker's own socket`
  return {
    work: `gateway in front of a worker, added ${share}`,
    unit: 'ms',
    ours: within - bare,
    target: { bound },
    note,
  }
}
