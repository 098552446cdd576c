import { randomUUID } from 'node:crypto'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type JobReproduction, type JobResource, jobReproductionRoutes } from '@hagane/contract'
import { buildTestApp, type TestApp } from '@hagane/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Cli, CommandFailed } from '../../tools/demo/cli.ts'
import { cliHere } from './cli-here.ts'

/** Gradient descent on a line, by the standard library; logs its loss as an MLflow client would. */
const training = `import json, os, random, sys, urllib.request
import six
data, model, seed = sys.argv[1], sys.argv[2], int(sys.argv[3])
random.seed(seed)
points = [tuple(map(float, line.split(','))) for line in open(data)]
slope, offset = random.random(), random.random()
for _ in range(200):
    x, y = random.choice(points)
    error = slope * x + offset - y
    slope, offset = slope - 0.01 * error * x, offset - 0.01 * error
loss = sum((slope * x + offset - y) ** 2 for x, y in points)
json.dump({'slope': slope, 'offset': offset, 'six': six.__version__}, open(model + '/model.json', 'w'))
body = json.dumps({'run_id': os.environ['MLFLOW_RUN_ID'], 'key': 'loss', 'value': loss, 'timestamp': 1, 'step': 0})
request = urllib.request.Request(os.environ['MLFLOW_TRACKING_URI'] + '/api/2.0/mlflow/runs/log-metric', body.encode(),
    {'Content-Type': 'application/json', 'Authorization': 'Bearer ' + os.environ['MLFLOW_TRACKING_TOKEN']})
urllib.request.urlopen(request).read()
`
/** Threads add up in the order in which they happen to finish: the last digits of a sum of floats depend on it. */
const threaded = `import random, sys, threading, time
parts, total = [[1.1 ** ((i * 37 + k) % 60) / 7 for k in range(50)] for i in range(40)], [0.0] * 30
lock, order = threading.Lock(), random.SystemRandom()
def add(part):
    for column in range(len(total)):
        time.sleep(order.random() / 2000)
        with lock: total[column] += sum(part) * (column + 1.3)
threads = [threading.Thread(target=add, args=(part,)) for part in parts]
for thread in threads: thread.start()
for thread in threads: thread.join()
open(sys.argv[1] + '/sums.csv', 'w').write('column,sum\\n' + ''.join(f'{i},{value!r}\\n' for i, value in enumerate(total)))
`
const conda = (six: string) => `dependencies:\n  - python\n  - pip:\n      - six==${six}\n`
const environmentOf = (file: string) => `environment: {conda_file: ${file}, image: python}`
const train = `type: command
experiment_name: reproduce
code: train
command: python train.py \${{inputs.points}} \${{outputs.model}} \${{inputs.seed}}
${environmentOf('conda.yml')}
inputs:
  seed: 7
  points: {type: uri_file, path: POINTS}
outputs:
  model: {type: uri_folder, name: line}
`
const files: Record<string, string> = {
  'conda.yml': conda('1.16.0'),
  'other.yml': 'name: other\nimage: python\nconda_file: other-conda.yml\n',
  'other-conda.yml': conda('1.17.0'),
  'points.csv': '1,2\n2,4.1\n3,5.9\n4,8.2\n',
  'other.csv': '1,2\n2,4.1\n3,5.9\n4,9\n',
  'train/train.py': training,
  'train.yml': train.replace('POINTS', 'points.csv'),
  'from-store.yml': train.replace('POINTS', 'azureml://datastores/workspaceblobstore/paths/in/points.csv'),
  'threads/sums.py': threaded,
  'threads.yml': `type: command\nexperiment_name: reproduce\ncode: threads\ncommand: python sums.py \${{outputs.sums}}\noutputs:\n  sums: {type: uri_folder}\n`,
  'clock.yml': `type: command\nexperiment_name: reproduce\ncommand: python -c "import time; print(time.time_ns() % 1000003)" > \${{outputs.now}}/t\noutputs:\n  now: {type: uri_folder}\n`,
  'pipeline.yml': `type: pipeline
experiment_name: reproduce
inputs:
  word: {type: uri_file, path: azureml://datastores/workspaceblobstore/paths/in/word.txt}
jobs:
  copy:
    command: cp \${{inputs.word}} \${{outputs.copied}}/word
    inputs: {word: "\${{parent.inputs.word}}"}
    outputs: {copied: {type: uri_folder, path: azureml://datastores/workspaceblobstore/paths/out}}
  check:
    command: grep good \${{inputs.copied}}/word > \${{outputs.found}}/found
    inputs: {copied: "\${{parent.jobs.copy.outputs.copied}}"}
    outputs: {found: {type: uri_folder}}
`,
}

let server: TestApp
let folder = ''
let cli: Cli
beforeAll(async () => {
  server = await buildTestApp()
  folder = await mkdtemp(join(tmpdir(), 'hagane-reproduce-'))
  cli = cliHere(server.url, folder)
  for (const [path, text] of Object.entries(files)) await write(join(folder, path), text)
})
afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true, maxRetries: 10 })
})

async function write(path: string, text: string): Promise<void> {
  await mkdir(join(path, '..'), { recursive: true })
  await writeFile(path, text)
}
/** Writes a file where the default datastore keeps it. */
const store = (path: string, text: string) =>
  write(join(server.dir, 'datastores', 'default', 'workspaceblobstore', path), text)

const run = async (file: string): Promise<string> =>
  (await cli.json<JobResource>('job', 'create', '-f', file, '--stream')).name
const show = (name: string) => cli.json<JobResource>('job', 'show', '-n', name)
const reproduce = (...args: string[]) => cli.json<JobReproduction>('job', 'reproduce', ...args)

/** The report of a reproduction whose results differ, for which the command ends with exit code 1. */
async function differing(...args: string[]): Promise<JobReproduction> {
  const name = `again_${randomUUID()}`
  const ran = cli.run('job', 'reproduce', ...args, '--new-name', name, '-o', 'none')
  await expect(ran).rejects.toBeInstanceOf(CommandFailed)
  return server.client.call(jobReproductionRoutes.reproduction, { params: { name } })
}

const verdicts = (report: JobReproduction) =>
  report.comparisons.map(({ step, kind, name, verdict }) => [step, kind, name, verdict].filter(Boolean).join(' '))

describe('job reproduce', { timeout: 120_000 }, () => {
  let seeded = ''
  it('says bitwise for a seeded training, keeps and shows the verdict, and registers nothing', async () => {
    seeded = await run('train.yml')
    const report = await reproduce(seeded)
    expect(report.verdict).toBe('bitwise')
    expect(verdicts(report)).toEqual(['output model bitwise', 'metric loss bitwise'])
    expect(report.causes).toEqual([])
    expect(report.same).toEqual(expect.arrayContaining(['code', 'environment', 'inputs', 'variables']))
    expect(await show(report.job)).toMatchObject({ reproduction: { of: seeded, verdict: 'bitwise' } })
    expect(await show(seeded)).toMatchObject({ reproduced_by: [{ job: report.job, verdict: 'bitwise' }] })
    const versions = await cli.json<unknown[]>('data', 'list', '-n', 'line')
    expect(versions).toHaveLength(1)
    const events = (await cli.run('event', 'list', '--type', 'dev.hagane.job.reproduced')).out
    expect(events).toContain(report.job)
    expect((await cli.run('lineage', 'show', '--job', report.job)).out).toContain('reproduces')
  })

  it('says tolerance for a threaded one, with how far it is off', async () => {
    const report = await reproduce(await run('threads.yml'), '--rtol', '1e-9')
    expect(report.verdict).toBe('tolerance')
    expect(report.comparisons[0]?.detail).toMatch(/sums\.csv: largest relative difference \d/)
    expect(report.causes).toMatchObject([{ kind: 'not-deterministic' }])
  })

  it('says different, and that the command is the reason, for one that reads the clock', async () => {
    const report = await differing(await run('clock.yml'))
    expect(report).toMatchObject({ verdict: 'different', causes: [{ kind: 'not-deterministic' }] })
  })

  it('names altered data: from the record bitwise, from its source different', async () => {
    await store('in/points.csv', files['points.csv'] as string)
    const name = await run('from-store.yml')
    await store('in/points.csv', files['other.csv'] as string)
    expect((await reproduce(name)).verdict).toBe('bitwise')
    const report = await differing(name, '--from-sources')
    expect(report.verdict).toBe('different')
    expect(report.causes.map(({ kind, change }) => [kind, change?.name])).toEqual([['data', 'points']])
    expect(report.causes[0]?.change?.files).toMatchObject([{ path: 'points.csv', change: 'changed' }])
  })

  it('names data, an environment and a parameter that were changed on purpose', async () => {
    const other = await differing(seeded, '--data', 'points=other.csv')
    expect(other.causes.map(({ kind, change }) => [kind, change?.name])).toEqual([['data', 'points']])
    const environment = await differing(seeded, '--environment', 'other.yml')
    expect(environment.causes).toMatchObject([
      { kind: 'environment', change: { packages: [{ name: 'six', before: '1.16.0', after: '1.17.0' }] } },
    ])
    expect(verdicts(environment)).toEqual(['output model different', 'metric loss bitwise'])
    const parameter = await differing(seeded, '--set', 'inputs.seed=8')
    expect(parameter.causes).toMatchObject([{ kind: 'parameter', change: { name: 'seed', before: '7', after: '8' } }])
    expect(parameter.changed).toEqual(['inputs.seed=8'])
  })

  it('refuses an input that there is not, and a tolerance that is no number', async () => {
    await expect(cli.run('job', 'reproduce', seeded, '--set', 'inputs.sede=8')).rejects.toThrow(/seed, points/)
    await expect(cli.run('job', 'reproduce', seeded, '--rtol', 'small')).rejects.toThrow(/--rtol takes a number/)
    await expect(cli.run('job', 'reproduce', 'nobody')).rejects.toThrow(/no job 'nobody'/)
  })

  it('computes every step of a pipeline from what was recorded, and writes to no datastore', async () => {
    await store('in/word.txt', 'good\n')
    const name = await run('pipeline.yml')
    await store('in/word.txt', 'bad\n')
    await store('out/word', 'written by somebody else\n')
    const report = await reproduce(name)
    expect(verdicts(report)).toEqual(['copy output copied bitwise', 'check output found bitwise'])
    const { out } = await cli.run('job', 'why', report.job, '-o', 'json')
    expect(JSON.parse(out).steps).toMatchObject([{ reason: 'reproduction' }, { reason: 'reproduction' }])
    const written = await readFile(join(server.dir, 'datastores/default/workspaceblobstore/out/word'), 'utf8')
    expect(written).toBe('written by somebody else\n')
  })

  it('runs a failed step of a pipeline alone', async () => {
    await store('in/word.txt', 'bad\n')
    const failed = await cli.run('job', 'create', '-f', 'pipeline.yml', '--name', 'fails', '--stream').catch(e => e)
    expect(failed).toBeInstanceOf(CommandFailed)
    const steps = await cli.json<JobResource[]>('job', 'list', '--parent-job-name', 'fails')
    const step = steps.find(one => one.step === 'check')?.name ?? ''
    const report = await reproduce(step)
    expect(report.comparisons).toMatchObject([{ kind: 'status', verdict: 'bitwise', detail: 'ends as it did' }])
  })
})
