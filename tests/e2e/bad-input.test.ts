import { buildTestApp, type TestApp } from '@hagane/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { folderWith } from '../../packages/cli/src/testing/files.ts'
import { runCli } from '../../packages/cli/src/testing/run-cli.ts'

let app: TestApp
beforeAll(async () => {
  app = await buildTestApp()
})
afterAll(() => app[Symbol.asyncDispose]())

const component = `name: c
type: command
command: echo \${{inputs.f}} \${{inputs.s}} \${{inputs.n}} \${{inputs.i}} \${{inputs.b}} \${{inputs.e}}
inputs:
  f: {type: uri_file}
  s: {type: string, default: x}
  n: {type: number, max: 2, default: 1}
  i: {type: integer, default: 1}
  b: {type: boolean, default: true}
  e: {type: string, enum: [red, blue], default: red}
`
const using = (inputs: string) => ({
  'job.yml': `type: pipeline
inputs: {lr: 5, half: 0.5, folder: {type: uri_folder, path: src}}
jobs:
  make: {command: 'ls > \${{outputs.o}}/x', outputs: {o: {type: uri_folder}}}
  use:
    component: ./parts/c.yml
    inputs: {${inputs}, f: {path: src/a.txt}}
`,
  'parts/c.yml': component,
  'src/a.txt': 'a',
})
const job = (text: string) => ({ 'job.yml': text })
const nested = (inner: string) => ({
  'job.yml': 'type: pipeline\njobs:\n  n: {type: pipeline, component: ./sub/nested.yml}\n',
  'sub/nested.yml': `name: nested\ntype: pipeline\njobs:\n  inner:\n    command: ls\n${inner}`,
})

async function validate(files: Record<string, string>, noun = 'job', verb = 'validate') {
  const cwd = folderWith(files)
  const ran = await runCli([noun, verb, '-f', 'job.yml'], { cwd, env: { HAGANE_URL: app.url } })
  expect(ran.err).not.toMatch(/\n {4}at /)
  return ran
}

describe('what Azure ML accepts is a warning with its place', () => {
  it.each([
    ['a number for a string', 's: 12', '7:14: jobs.use.inputs.s: string is declared, this is integer'],
    ['content for a string', 's: "${{parent.inputs.folder}}"', 'string is declared, this is uri_folder'],
    ['a number wired to an integer', 'i: "${{parent.inputs.lr}}", s: "${{parent.inputs.half}}"', 'this is number'],
    ['an input that is not declared', 'zz: 1', "jobs.use.inputs.zz: the component has no input 'zz'"],
  ])('%s', async (_, inputs, text) => {
    const { code, err } = await validate(using(inputs))
    expect(err).toContain('warning: job.yml:7:')
    expect(err).toContain(text)
    expect(code).toBe(0)
  })

  it('an output that is a folder, wired to an input that is a file, also when it is submitted', async () => {
    const files = using('s: x')
    files['job.yml'] = files['job.yml'].replace('{path: src/a.txt}', '"${{parent.jobs.make.outputs.o}}"')
    const warning =
      'warning: job.yml:7:20: jobs.use.inputs.f: uri_file is declared, this is uri_folder; what is given wins'
    for (const verb of ['validate', 'create']) expect((await validate(files, 'job', verb)).err.trim()).toBe(warning)
  })
})

describe('what cannot be is an error with its place', () => {
  it('several steps and inputs at once', async () => {
    const { code, err } = await validate(using('n: 3, i: 1.5, b: maybe, e: purple'))
    expect(code).toBe(1)
    expect(err).toContain("error: job.yml:7:14: jobs.use.inputs.n: '3' is not allowed here (and 3 more problems)")
    expect(err).toContain('sent 3, allowed at most 2')
    expect(err).toContain(
      'job.yml:7:20  jobs.use.inputs.i  outside what the component allows (sent 1.5, allowed integer)',
    )
    expect(err).toContain('sent maybe, allowed true or false')
    expect(err).toContain('sent purple, allowed red | blue')
  })

  it.each([
    ['a value of the pipeline above the limit', using('n: "${{parent.inputs.lr}}"'), "7:14: jobs.use.inputs.n: '5'"],
    ['a folder for a number', using('n: "${{parent.inputs.folder}}"'), 'number is declared, this is uri_folder'],
    [
      'an unknown component',
      job('type: pipeline\njobs:\n  a:\n    component: azureml:nope:1\n'),
      'job.yml:4:5: jobs.a.component: no component nope:1',
    ],
    [
      'an unknown environment in a nested file',
      nested('    environment: azureml:ghost:7\n'),
      'sub/nested.yml:6:5: jobs.n.jobs.inner.environment: no environment ghost:7',
    ],
    [
      'an unknown data asset in a nested file',
      nested('    inputs:\n      d: {type: uri_folder, path: azureml:nodata:1}\n'),
      'sub/nested.yml:7:7: jobs.n.jobs.inner.inputs.d: no data nodata:1',
    ],
    [
      'a compute that cannot be one',
      job('type: pipeline\nsettings:\n  default_compute: "azureml:a b"\njobs:\n  a: {command: ls}\n'),
      "job.yml:3:3: job.settings.default_compute: 'a b' is not a compute name",
    ],
    ['a count that is none', job('type: command\ncommand: ls\nresources: {instance_count: two}\n'), 'job.yml:3:13'],
    [
      'limits',
      job('type: command\ncommand: ls\nlimits: {timeout: soon}\n'),
      "job.yml:3:10: job.limits.timeout: 'soon'",
    ],
  ])('%s', async (_, files, text) => {
    const { code, err } = await validate(files)
    expect(err).toContain(text)
    expect(code).toBe(1)
  })
})

it('a schedule that says something over an input the job has not names the line', async () => {
  const { code, err } = await validate(
    {
      'job.yml':
        'name: s\ntrigger: {type: cron, expression: "0 0 * * *"}\ncreate_job:\n  job: ./base.yml\n  inputs:\n    epochz: 3\n',
      'base.yml': 'type: pipeline\ninputs: {epochs: 1}\njobs: {a: {command: ls}}\n',
    },
    'schedule',
    'create',
  )
  expect(err).toContain("job.yml:6:5: create_job.inputs.epochz: the job has no input 'epochz'")
  expect(err).toContain('hint: its inputs: epochs')
  expect(code).toBe(1)
})
