import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Client, createClient, type JobSpec, jobRoutes, terminalStatuses } from '@hagane/contract'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type RunningServer, startServer, stopServer } from '../../tools/demo/server.ts'

const TRIALS = 40
const STEPS = 8
/** Where the known function has its minimum, which is 0. */
const OPTIMUM = { x: 0.31, y: 0.72, z: 0.18 }

let dataDir = ''
let server: RunningServer | undefined
let port = 0
beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'hagane-sweep-'))
  port = await freePort()
})
afterAll(async () => {
  if (server !== undefined) await stopServer(server)
  await rm(dataDir, { recursive: true, force: true, maxRetries: 10 })
})

/** The same port after the restart, since that is where the trials report to. */
const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })

/**
 * A training that gets better step by step until it is at the value of the function, like a loss with the epochs. It notes that it ran,
 * and waits for a server that is away, as MLflow's clients do.
 */
const script = (ran: string): string => `
import json, os, sys, time, urllib.request, urllib.error
open("${ran}", "a").write(os.environ["MLFLOW_RUN_ID"] + "\\n")
x, y, z = (float(text) for text in sys.argv[1:])
def log(value, step):
    body = json.dumps({"run_id": os.environ["MLFLOW_RUN_ID"], "key": "loss", "value": value, "timestamp": int(time.time() * 1000), "step": step})
    headers = {"content-type": "application/json", "authorization": "Bearer " + os.environ["MLFLOW_TRACKING_TOKEN"]}
    request = urllib.request.Request(os.environ["MLFLOW_TRACKING_URI"] + "/api/2.0/mlflow/runs/log-metric", body.encode(), headers)
    for attempt in range(300):
        try:
            return urllib.request.urlopen(request).read()
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.1)
    sys.exit("the server did not come back")
value = (x - ${OPTIMUM.x}) ** 2 + (y - ${OPTIMUM.y}) ** 2 + (z - ${OPTIMUM.z}) ** 2
for step in range(${STEPS}):
    left = 0.5 ** step if step + 1 < ${STEPS} else 0
    log(value + left, step)
    time.sleep(0.15)
`

const unit = { type: 'uniform' as const, min_value: 0, max_value: 1 }
const sweep = (file: string): JobSpec => ({
  type: 'sweep',
  sampling_algorithm: { type: 'bayesian', seed: 7 },
  search_space: { x: unit, y: unit, z: unit },
  objective: { goal: 'minimize', primary_metric: 'loss' },
  early_termination: { type: 'bandit', slack_amount: 0.15, delay_evaluation: 3 },
  limits: { max_total_trials: TRIALS, max_concurrent_trials: 4 },
  trial: { command: `python3 ${file} \${{search_space.x}} \${{search_space.y}} \${{search_space.z}}` },
})

/** What independent draws of the same budget find, half of the time: the median of many such searches. */
function medianOfRandom(): number {
  const draw = (): number => Object.values(OPTIMUM).reduce((sum, best) => sum + (Math.random() - best) ** 2, 0)
  const found = Array.from({ length: 501 }, () => Math.min(...Array.from({ length: TRIALS }, draw)))
  return found.sort((a, b) => a - b)[250] ?? 0
}

const trialsOf = async (client: Client, name: string) =>
  (await client.call(jobRoutes.trials, { params: { name } })).trials

it('a Bayesian sweep of 40 trials stops bad ones early, goes on after SIGKILL, and finds more than chance does', async () => {
  const [ran, file] = [join(dataDir, 'ran'), join(dataDir, 'train.py')]
  await writeFile(ran, '')
  await writeFile(file, script(ran))
  server = await startServer(dataDir, { port, timeoutMs: 240_000 })
  const client = createClient({ url: server.url })
  const { name } = await client.call(jobRoutes.create, { body: { job: sweep(file) } })
  while ((await trialsOf(client, name)).length < 15) await sleep(100)
  const before = await trialsOf(client, name)
  process.kill(JSON.parse(await readFile(join(dataDir, 'server.json'), 'utf8')).pid, 'SIGKILL')
  await sleep(300)
  server = await startServer(dataDir, { port, timeoutMs: 240_000 })
  const show = () => client.call(jobRoutes.show, { params: { name } })
  while (!terminalStatuses.includes((await show()).status)) await sleep(200)

  const job = await show()
  expect(job).toMatchObject({ status: 'Completed', sweep: { trials: { total: TRIALS, failed: 0, canceled: 0 } } })
  const trials = await trialsOf(client, name)
  // none lost, none run twice, and those of before are as they were
  const names = Array.from({ length: TRIALS }, (_, i) => `${name}_${i}`)
  expect((await readFile(ran, 'utf8')).trim().split('\n').sort()).toEqual(names.sort())
  expect(trials.slice(0, before.length).map(trial => trial.parameters)).toEqual(before.map(trial => trial.parameters))

  const stopped = trials.filter(trial => trial.status === 'Canceled')
  expect(stopped.length).toBeGreaterThan(TRIALS / 10)
  for (const trial of stopped) expect(trial.stopped).toMatch(/^stopped by bandit at interval \d: /)
  const steps = trials.reduce((sum, trial) => sum + trial.intervals, 0)
  expect(steps).toBeLessThan(TRIALS * STEPS)

  const best = job.sweep?.best
  expect(best?.status).toBe('Completed')
  expect(best?.value).toBeLessThan(medianOfRandom())
}, 600_000)
