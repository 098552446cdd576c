import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { cliOf } from '../../tools/demo/cli.ts'
import type { Bench, BenchContext, Row } from '../bench.ts'
import { withHagane } from '../measure/hagane.ts'
import { type PacedOptions, type PacedResult, pacedLoad } from '../measure/paced-load.ts'
import { endpointYaml } from '../peers/serving-files.ts'

const script = 'def init():\n    pass\n\n\ndef run(raw_data):\n    return 1\n'
const deployment = (name: string) => `name: blue
endpoint_name: ${name}
instance_count: 2
code_configuration: { code: src, scoring_script: score.py }
request_settings: { request_timeout_ms: 20000, max_queue_wait_ms: 20000 }
`
const [perSecond, calmSeconds, kills] = [200, 3, 5]
const lookMs = 100
const secondsEach = (kills + 3) * calmSeconds

/** SIGKILL of the gateway and of its worker, five times each, under 200 requests a second, with the server's supervisor. */
export const gatewayKills: Bench = {
  name: 'kills',
  about: 'requests that fail when gateway or worker are killed under 200 requests/s',
  run: context =>
    withHagane(join(context.folder, 'ours'), async ({ url, dataDir }) => {
      const scoring = await deploy(context, url)
      const rows: Row[] = []
      let answered = 0
      for (const [what, pidOf] of [
        ['worker', workerPid],
        ['gateway', gatewayPid],
      ] as const) {
        context.say(`killing the ${what}`)
        const load = pacedLoad({ ...scoring, perSecond, seconds: secondsEach, connections: 2000 })
        const [result] = await Promise.all([load, killRegularly(() => pidOf(dataDir))])
        rows.push(rowOf(what, result))
        answered += result.latencies.get(200)?.length ?? 0
      }
      await checkRecords(dataDir, answered)
      return rows
    }),
}

async function killRegularly(pidOf: () => Promise<number>): Promise<void> {
  for (let round = 0; round < kills; round += 1) {
    await pause(calmSeconds * 1000)
    while (!killed(await pidOf())) await pause(lookMs)
  }
}

/** False when that process had ended already. */
function killed(pid: number): boolean {
  try {
    return process.kill(pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false
    throw error
  }
}

async function deploy(context: BenchContext, url: string): Promise<Pick<PacedOptions, 'url' | 'headers' | 'body'>> {
  const cli = cliOf(url, context.folder)
  const file = (name: string) => join(context.folder, name)
  await writeFile(file('endpoint.yml'), endpointYaml('kills'))
  await writeFile(file('blue.yml'), deployment('kills'))
  await mkdir(file('src'), { recursive: true })
  await writeFile(file('src/score.py'), script)
  await cli.run('online-endpoint', 'create', '-f', file('endpoint.yml'))
  await cli.run('online-deployment', 'create', '-f', file('blue.yml'), '--all-traffic')
  const { scoring_uri } = await cli.json<{ scoring_uri: string }>('online-endpoint', 'show', '-n', 'kills')
  const { primaryKey } = await cli.json<{ primaryKey: string }>('online-endpoint', 'get-credentials', '-n', 'kills')
  return { url: scoring_uri, headers: { authorization: `Bearer ${primaryKey}` }, body: '{}' }
}

async function gatewayPid(dataDir: string): Promise<number> {
  return (JSON.parse(await readFile(join(dataDir, 'gateway', 'gateway.json'), 'utf8')) as { pid: number }).pid
}

async function workerPid(dataDir: string): Promise<number> {
  const { port } = JSON.parse(await readFile(join(dataDir, 'gateway', 'gateway.json'), 'utf8')) as { port: number }
  const authorization = `Bearer ${(await readFile(join(dataDir, 'gateway', 'admin-token'), 'utf8')).trim()}`
  const answer = await fetch(`http://127.0.0.1:${port}/admin/status`, { headers: { authorization } })
  const { deployments } = (await answer.json()) as { deployments: { state: string; pid?: number }[] }
  const [blue] = deployments
  if (blue?.pid !== undefined && blue.state === 'ready') return blue.pid
  // it waits longer before each start in a row
  await pause(lookMs)
  return workerPid(dataDir)
}

function rowOf(what: string, { broken, latencies, longestGapMs, unsent }: PacedResult): Row {
  const answered = latencies.get(200)?.length ?? 0
  const others = [...latencies].filter(([status]) => status !== 200)
  const told = others.map(([status, all]) => `${all.length} answered ${status}`).join(', ') || 'no other status'
  return {
    work: `${what} killed ${kills} times under ${perSecond} requests/s, longest time without an answer`,
    unit: 'ms',
    ours: longestGapMs,
    target: { bound: 5000 },
    note: `${answered} answered, ${broken} connections broken or refused, ${told}, ${unsent} not sent`,
  }
}

/** Throws unless every answer that was given is on record: as many records as answers, or more where a caller was cut off. */
async function checkRecords(dataDir: string, answered: number): Promise<void> {
  const root = join(dataDir, 'gateway', 'predictions')
  const ids = new Set<string>()
  let lines = 0
  for (const name of await readdir(root, { recursive: true }))
    if (name.endsWith('.ndjson'))
      for (const line of (await readFile(join(root, name), 'utf8')).split('\n').filter(text => text.endsWith('}'))) {
        lines += 1
        ids.add((JSON.parse(line) as { id: string }).id)
      }
  if (ids.size !== lines || ids.size < answered)
    throw new Error(`${answered} answers, ${lines} records, ${ids.size} of them different`)
}
