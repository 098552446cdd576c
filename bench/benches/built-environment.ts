import { setTimeout as sleep } from 'node:timers/promises'
import { type BenchContext, median, type Row, repeat } from '../bench.ts'
import { postJson } from '../measure/answers.ts'

const rounds = 21
const longestMs = 10 * 60_000

/** What it takes to hear that an environment is there when it is: asked for at the server, until it says so. */
export async function builtEnvironment(url: string, { say }: BenchContext): Promise<Row> {
  say('Hagane: an environment, built once and asked for again')
  const conda_file = { dependencies: ['python', 'pip', { pip: ['six==1.17.0'] }] }
  await postJson(`${url}/api/v1/environments`, { name: 'bench', version: '1', conda_file })
  const address = `${url}/api/v1/environments/bench/versions/1`
  await build(address)
  return {
    work: 'environment already built',
    unit: 'ms',
    ours: median(await repeat(rounds, () => build(address))),
    target: { bound: 50 },
  }
}

async function build(address: string): Promise<number> {
  const started = performance.now()
  await postJson(`${address}/build`, {})
  while (performance.now() - started < longestMs) {
    const { build_status } = (await (await fetch(address)).json()) as {
      build_status: { state: string; error?: string }
    }
    if (build_status.state === 'succeeded') return performance.now() - started
    if (build_status.state === 'failed') throw new Error(`the environment was not built: ${build_status.error}`)
    await sleep(2)
  }
  throw new Error(`the environment at ${address} was neither built nor given up in ${longestMs / 60_000} minutes`)
}
