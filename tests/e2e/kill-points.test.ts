import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { blobRoutes, type Client, createClient, type JobResource, jobRoutes, terminalStatuses } from '@hagane/contract'
import { randomNumbers, submitJob } from '@hagane/testkit'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type RunningServer, startServer, stopServer } from '../../tools/demo/server.ts'

/** Each costs the start of a server or of what stands over a step; KILLS=200 asks for more. */
const KILLS = Number(process.env.KILLS ?? 25)
const LINES = 8
/** Printed with a failure: the same seed draws the same moments and victims, as far as the machine's speed allows. */
const seed = Number(process.env.KILL_SEED ?? Date.now() % 100_000)

let dataDir = ''
let server: RunningServer | undefined
beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'hagane-kills-'))
})
afterAll(async () => {
  if (server !== undefined) await stopServer(server)
  await rm(dataDir, { recursive: true, force: true, maxRetries: 10 })
})

/** A command that notes that it ran, prints its lines slowly and hands on what it was given. */
const command = (name: string, inputs: readonly string[]) =>
  `echo ${name} >> "$RAN"; for i in $(seq ${LINES}); do echo ${name} $i; sleep 0.3; done; ` +
  `cat ${inputs.map(input => `\${{inputs.${input}}}/f`).join(' ')} /dev/null > \${{outputs.o}}/f; echo ${name} >> \${{outputs.o}}/f`

/** The last step ends after the last kill, however fast the others were. */
const untilKilled = (name: string): string =>
  name === 'report' ? 'until [ -e "$RAN.killed" ]; do sleep 0.1; done; ' : ''

const step = (name: string, after: readonly string[], ran: string) => ({
  command: untilKilled(name) + command(name, after),
  environment_variables: { RAN: ran },
  inputs: Object.fromEntries(after.map(before => [before, `\${{parent.jobs.${before}.outputs.o}}`])),
  outputs: { o: null },
})

/** Logs a metric with what every Python has, again and again while the server is away. */
const logLoss = `
import json, os, sys, time, urllib.request
body = {'run_id': os.environ['MLFLOW_RUN_ID'], 'key': 'loss', 'value': float(sys.argv[1]), 'timestamp': int(time.time() * 1000), 'step': 0}
url = os.environ['MLFLOW_TRACKING_URI'] + '/api/2.0/mlflow/runs/log-metric'
while True:
    try:
        urllib.request.urlopen(urllib.request.Request(url, json.dumps(body).encode(), {'Content-Type': 'application/json', 'Authorization': 'Bearer ' + os.environ['MLFLOW_TRACKING_TOKEN']}))
        break
    except OSError:
        time.sleep(0.1)
`

const tune = (ran: string) => ({
  type: 'sweep' as const,
  trial: {
    command: `echo "trial \${{inputs.x}}" >> "$RAN"; for i in $(seq ${LINES}); do echo trial $i; sleep 0.3; done; python3 -c "$LOG_LOSS" \${{inputs.x}}; echo \${{inputs.x}} > \${{outputs.o}}/f`,
    environment_variables: { RAN: ran, LOG_LOSS: logLoss },
    inputs: { x: { type: 'number' as const }, joined: { type: 'uri_folder' as const } },
    outputs: { o: { type: 'uri_folder' as const } },
  },
  inputs: { joined: '${{parent.jobs.join.outputs.o}}' },
  outputs: { o: null },
  search_space: { x: { type: 'choice', values: [4, 3, 1, 2] } },
  sampling_algorithm: 'grid' as const,
  objective: { goal: 'minimize' as const, primary_metric: 'loss' },
  limits: { max_concurrent_trials: 2, max_total_trials: 4 },
})

const edges: Record<string, string[]> = {
  fetch: [],
  clean: ['fetch'],
  left: ['clean'],
  right: ['clean'],
  join: ['left', 'right'],
  tune: ['join'],
  eval_a: ['tune'],
  eval_b: ['tune'],
  eval_c: ['tune'],
  compare: ['eval_a', 'eval_b', 'eval_c'],
  sign: ['compare'],
  report: ['sign', 'clean'],
}

const pipeline = (ran: string) => ({
  type: 'pipeline' as const,
  jobs: Object.fromEntries(
    Object.entries(edges).map(([name, after]) => [name, name === 'tune' ? tune(ran) : step(name, after, ran)]),
  ),
})

/** Processes that a kill may hit: the server, and the process that stands over each running step. */
async function victims(): Promise<number[]> {
  const jobs = join(dataDir, 'jobs', 'default')
  const names = await readdir(jobs).catch(() => [])
  const records = names.map(async name => {
    const marker = await readFile(join(jobs, name, '1', 'started'), 'utf8').catch(() => '')
    const exit = await readFile(join(jobs, name, '1', 'exit.json'), 'utf8').catch(() => '')
    return exit === '' && marker !== '' ? [Number(marker.split('\t')[0])] : []
  })
  return (await Promise.all(records)).flat()
}

const serverPid = async (): Promise<number> =>
  JSON.parse(await readFile(join(dataDir, 'server.json'), 'utf8')).pid as number

/** False when it ended by itself a moment ago, or was killed before. */
function kill(pid: number): boolean {
  try {
    return process.kill(pid, 'SIGKILL')
  } catch {
    return false
  }
}

async function contentOf(client: Client, tree: string, path: string): Promise<string> {
  const { entries } = await client.call(blobRoutes.getTree, { params: { digest: tree } })
  const digest = entries.find(entry => entry.path === path)?.digest ?? ''
  return (await client.raw(blobRoutes.get, { params: { digest } })).text()
}

async function endOf(client: Client, name: string): Promise<JobResource | undefined> {
  const job = await client.call(jobRoutes.show, { params: { name } })
  return terminalStatuses.includes(job.status) ? job : undefined
}

it(`completes although the server and the processes over its steps are killed at ${KILLS} moments (seed ${seed})`, async () => {
  const random = randomNumbers(seed)
  const ran = join(dataDir, 'ran')
  await writeFile(ran, '')
  server = await startServer(dataDir, { timeoutMs: 240_000 })
  // where running steps log to stays the same
  const port = Number(new URL(server.url).port)
  const name = await submitJob(createClient({ url: server.url }), pipeline(ran))
  const killed = { server: 0, steps: 0 }
  let ended: JobResource | undefined
  while (ended === undefined) {
    await sleep(50 + random() * 700)
    if (killed.server + killed.steps < KILLS) {
      const steps = await victims()
      // rarely while no step runs: a slow machine would spend every kill on a server that has not begun its first step
      const isServer = random() < (steps.length === 0 ? 0.2 : 0.4)
      const victim = isServer ? await serverPid() : steps[Math.floor(random() * steps.length)]
      if (victim !== undefined && kill(victim)) killed[isServer ? 'server' : 'steps']++
      if (isServer) server = await startServer(dataDir, { port, timeoutMs: 240_000 })
    } else await writeFile(`${ran}.killed`, '')
    ended = await endOf(createClient({ url: server.url }), name)
  }
  const client = createClient({ url: server.url })
  expect(ended.status, JSON.stringify(ended.error)).toBe('Completed')
  expect(killed.server + killed.steps).toBe(KILLS)
  const lines = (await readFile(ran, 'utf8')).trimEnd().split('\n')
  const steps = Object.keys(edges).filter(step => step !== 'tune')
  expect(lines.sort()).toEqual([...steps, 'trial 1', 'trial 2', 'trial 3', 'trial 4'].sort())
  const { items } = await client.call(jobRoutes.list, { query: { parent_job_name: name } })
  const sweep = items.find(child => child.step === 'tune')?.name ?? ''
  const trials = await client.call(jobRoutes.list, { query: { parent_job_name: sweep } })
  expect(trials.items).toHaveLength(4)
  for (const child of [...items.filter(item => item.type === 'command'), ...trials.items]) {
    const label = child.parent_job_name === sweep ? 'trial' : child.step
    const log = await (await client.raw(jobRoutes.log, { params: { name: child.name } })).text()
    expect(log).toBe(Array.from({ length: LINES }, (_, i) => `${label} ${i + 1}\n`).join(''))
  }
  // the best trial's output went on to the steps after the sweep
  const report = await client.call(jobRoutes.outputs, {
    params: { name: items.find(child => child.step === 'eval_a')?.name ?? '' },
  })
  const tree = report.outputs.o?.digest ?? ''
  expect(await contentOf(client, tree, 'f')).toBe('1\neval_a\n')
})
