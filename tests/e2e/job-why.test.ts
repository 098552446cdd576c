import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { JobWhy, KeyChange } from '@hagane/contract'
import { buildTestApp, type TestApp } from '@hagane/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Cli } from '../../tools/demo/cli.ts'
import { cliHere } from './cli-here.ts'

const pipeline = `$schema: https://azuremlschemas.azureedge.net/latest/pipelineJob.schema.json
type: pipeline
experiment_name: why
inputs:
  rate: 0.1
  numbers: {type: uri_file, path: numbers.csv}
jobs:
  prepare:
    code: prepare
    command: python prepare.py \${{inputs.numbers}} \${{outputs.sum}}
    environment: {conda_file: conda.yml, image: python}
    inputs:
      numbers: \${{parent.inputs.numbers}}
    outputs:
      sum: {type: uri_folder}
  train:
    code: train
    command: python train.py \${{inputs.sum}} \${{inputs.rate}} \${{outputs.model}}
    environment: {conda_file: conda.yml, image: python}
    environment_variables: {MODE: fast}
    inputs:
      sum: \${{parent.jobs.prepare.outputs.sum}}
      rate: \${{parent.inputs.rate}}
    outputs:
      model: {type: uri_folder}
`
const conda = (six: string) => `dependencies:\n  - python\n  - pip:\n      - six==${six}\n`
const prepare = `import sys
total = sum(int(line) for line in open(sys.argv[1]))
open(sys.argv[2] + '/sum', 'w').write(str(total))
`
const train = `import sys
total, rate = int(open(sys.argv[1] + '/sum').read()), float(sys.argv[2])
open(sys.argv[3] + '/model', 'w').write(str(total * rate))
`
const files = {
  'pipeline.yml': pipeline,
  'conda.yml': conda('1.16.0'),
  'numbers.csv': '1\n2\n3\n',
  'prepare/prepare.py': prepare,
  'train/train.py': train,
}

let server: TestApp
let folder = ''
let cli: Cli
beforeAll(async () => {
  server = await buildTestApp()
  folder = await mkdtemp(join(tmpdir(), 'hagane-why-'))
  cli = cliHere(server.url, folder)
  for (const [path, text] of Object.entries(files)) await write(path, text)
})
afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true, maxRetries: 10 })
})

async function write(path: string, text: string): Promise<void> {
  await mkdir(join(folder, path, '..'), { recursive: true })
  await writeFile(join(folder, path), text)
}

async function edit(path: string, from: string, to: string): Promise<void> {
  const text = await readFile(join(folder, path), 'utf8')
  expect(text).toContain(from)
  await writeFile(join(folder, path), text.replace(from, to))
}

/** Runs the pipeline and answers why each of its steps ran. */
async function whyOfRun(...set: string[]): Promise<{ prepare: JobWhy; train: JobWhy; name: string }> {
  const more = set.length === 0 ? [] : ['--set', ...set]
  const { name } = await cli.json<{ name: string }>('job', 'create', '-f', 'pipeline.yml', '--stream', ...more)
  const { steps } = await cli.json<JobWhy>('job', 'why', name)
  const of = (step: string) => steps?.find(one => one.step === step) as JobWhy
  return { prepare: of('prepare'), train: of('train'), name }
}

const parts = (why: JobWhy) => why.changes.map(({ part, name }) => [part, name].filter(Boolean).join(' '))
const ran = (reason: string, changed: string[] = []) => ({ decision: 'ran', reason, parts: changed })
const summary = (why: JobWhy) => ({ decision: why.decision, reason: why.reason, parts: parts(why) })

describe('job why names what is new', { timeout: 120_000 }, () => {
  it('says first run of what never ran, and of the same again from which job it was taken', async () => {
    const first = await whyOfRun()
    expect(summary(first.prepare)).toEqual(ran('first-run'))
    expect(summary(first.train)).toEqual(ran('first-run'))
    const second = await whyOfRun()
    expect(second.prepare).toMatchObject({ decision: 'reused', from: first.prepare.job, changes: [] })
    expect(second.train).toMatchObject({ decision: 'reused', from: first.train.job })
    expect((await cli.run('job', 'why', second.name, '-o', 'table')).out).toMatch(/train +reused from/)
  })

  it('code: the file and the lines', async () => {
    await edit('train/train.py', 'total * rate', 'total / rate')
    const { prepare: before, train: after } = await whyOfRun()
    expect(before.decision).toBe('reused')
    expect(summary(after)).toEqual(ran('changed', ['code']))
    const [{ files }] = after.changes as [KeyChange]
    expect(files).toMatchObject([{ path: 'train.py', change: 'changed' }])
    expect(files?.[0]?.diff?.lines).toContain("+open(sys.argv[3] + '/model', 'w').write(str(total / rate))")
    expect(files?.[0]?.diff?.lines).toContain("-open(sys.argv[3] + '/model', 'w').write(str(total * rate))")
  })

  it('a parameter: both values', async () => {
    const { train: after } = await whyOfRun('inputs.rate=0.5')
    expect(summary(after)).toEqual(ran('changed', ['parameter rate']))
    expect(after.changes[0]).toMatchObject({ before: '0.1', after: '0.5' })
  })

  it('a package version: both versions', async () => {
    await write('conda.yml', conda('1.17.0'))
    const { prepare: after, train: dependent } = await whyOfRun()
    expect(summary(after)).toEqual(ran('changed', ['environment']))
    expect(after.changes[0]?.packages).toEqual([{ name: 'six', before: '1.16.0', after: '1.17.0' }])
    expect(summary(dependent)).toEqual(ran('changed', ['environment']))
  })

  it('data: the files, and downstream the step that made other data of it', async () => {
    await write('numbers.csv', '1\n2\n4\n')
    const { prepare: after, train: dependent } = await whyOfRun()
    expect(summary(after)).toEqual(ran('changed', ['data numbers']))
    expect(after.changes[0]?.files).toMatchObject([{ path: 'numbers.csv', change: 'changed' }])
    expect(summary(dependent)).toEqual(ran('changed', ['data sum']))
    expect(dependent.changes[0]?.caused_by).toEqual({ step: 'prepare', job: after.job })
  })

  it('the output specification, a variable and the command', async () => {
    await edit('pipeline.yml', 'model: {type: uri_folder}', 'model: {type: custom_model}')
    const output = await whyOfRun()
    expect(summary(output.train)).toEqual(ran('changed', ['output model']))
    expect(output.train.changes[0]).toMatchObject({ before: { type: 'uri_folder' }, after: { type: 'custom_model' } })
    const variable = await whyOfRun('jobs.train.environment_variables.MODE=slow')
    expect(summary(variable.train)).toEqual(ran('changed', ['variable MODE']))
    expect(variable.train.changes[0]).toMatchObject({ before: 'fast', after: 'slow' })
    await edit('pipeline.yml', 'python train.py', 'python -u train.py')
    expect(summary((await whyOfRun()).train)).toEqual(ran('changed', ['command']))
  })

  it('forced, with nothing changed', async () => {
    const { prepare: after, train: dependent } = await whyOfRun('settings.force_rerun=true')
    expect(summary(after)).toEqual(ran('forced'))
    expect(summary(dependent)).toEqual(ran('forced'))
  })

  it('not deterministic', async () => {
    await whyOfRun('jobs.train.is_deterministic=false')
    expect(summary((await whyOfRun('jobs.train.is_deterministic=false')).train)).toEqual(ran('not-deterministic'))
  })

  it('too old, by what the pipeline says', async () => {
    expect((await whyOfRun('settings.reuse.max_age=30d')).train.decision).toBe('reused')
    const { train: after } = await whyOfRun('settings.reuse.max_age=0s')
    expect(summary(after)).toEqual(ran('expired'))
  })
})

describe('a single job', { timeout: 60_000 }, () => {
  const yaml = (more: string) => `type: command\nexperiment_name: single\ncommand: echo hello\n${more}`
  const whyOf = async (file: string): Promise<JobWhy> => {
    const { name } = await cli.json<{ name: string }>('job', 'create', '-f', file, '--stream')
    return cli.json<JobWhy>('job', 'why', '-n', name)
  }
  it('runs every time, as in Azure ML, and says so', async () => {
    await write('single.yml', yaml(''))
    await whyOf('single.yml')
    expect(summary(await whyOf('single.yml'))).toEqual(ran('single-job'))
  })
  it('is reused when it says reuse', async () => {
    await write('reusing.yml', yaml('reuse: {max_age: 30d}\n'))
    expect((await whyOf('reusing.yml')).decision).toBe('reused')
  })
  it('with a length of time that nobody can read is refused with its line', async () => {
    await write('bad.yml', yaml('reuse: {max_age: soon}\n'))
    await expect(cli.run('job', 'create', '-f', 'bad.yml')).rejects.toThrow(/bad\.yml:4.*max_age.*90m, 12h or 30d/s)
  })
})
