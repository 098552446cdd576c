import { describe, expect, test } from 'vitest'
import { memoryFiles } from './files.ts'
import { loadManifest } from './load-manifest.ts'
import { loadFrom, refusalOf } from './test-loading.ts'

const head = 'name: nightly\ntrigger: {type: cron, expression: "0 2 * * *"}\n'
const jobYaml =
  'type: command\ncommand: python train.py ${{inputs.data}}\ncode: src\ninputs:\n  data: {path: iris.csv}\n'
const files = { 'jobs/job.yml': jobYaml, 'jobs/src/train.py': '', 'jobs/iris.csv': '' }
const load = (action: string, more: Record<string, string> = {}) =>
  loadFrom('schedule', { 'main.yml': `${head}${action}`, ...files, ...more })

describe('the job of a schedule', () => {
  test('is read from its file, whose paths start from that file', async () => {
    const { resource, uploads } = await load('create_job: ./jobs/job.yml\n')
    expect(resource).toMatchObject({ create_job: { job: { type: 'command', code: '/p/jobs/src' } } })
    expect(uploads.map(({ pointer, file }) => [pointer.join('.'), file])).toEqual([
      ['create_job.job.inputs.data.path', '/p/jobs/iris.csv'],
      ['create_job.job.code', '/p/jobs/src'],
    ])
  })

  test('stands under job when the schedule says something over it, which has paths of its own', async () => {
    const { resource, uploads } = await load(
      'create_job:\n  type: command\n  job: jobs/job.yml\n  tags: {a: 1.0}\n  inputs:\n    data: {path: other.csv}\n    name: ${{name}}\n',
      { 'other.csv': '' },
    )
    expect(resource.create_job).toMatchObject({
      job: { type: 'command' },
      tags: { a: '1.0' },
      inputs: { data: { path: '/p/other.csv', type: 'uri_file' }, name: '${{name}}' },
    })
    expect(uploads.map(upload => upload.pointer.join('.'))).toContain('create_job.inputs.data.path')
  })

  test('may be written in place or be one that was submitted', async () => {
    expect((await load('create_job: {command: ls}\n')).resource.create_job).toEqual({
      job: { type: 'command', command: 'ls' },
    })
    expect((await load('create_job: azureml:brave_iron\n')).resource.create_job).toEqual({ job: 'azureml:brave_iron' })
    expect((await load('create_job: {job: azureml:brave_iron, type: pipeline}\n')).resource.create_job).toEqual({
      job: 'azureml:brave_iron',
    })
  })
})

describe('what is wrong', () => {
  test('is told with the file and line of the job, and several things at once', async () => {
    const { details } = await refusalOf(
      load('create_job:\n  job: jobs/bad.yml\n  inptus: {}\n', {
        'jobs/bad.yml': 'command: ls\ninputs:\n  x: {type: uri_flie, path: "https://x.example/y"}\n',
      }),
    )
    expect(details).toMatchObject([
      { property: 'create_job.job.inputs.x.type', file: '/p/jobs/bad.yml', line: 3 },
      { property: 'create_job.inptus', file: '/p/main.yml', line: 5, hint: 'write inputs' },
    ])
  })

  test('of the commands is found too', async () => {
    const { message } = await refusalOf(load("create_job: {command: 'echo ${{inputs.x}}'}\n"))
    expect(message).toContain('create_job.job.command')
  })

  test('is another type than the job has', async () => {
    const { message } = await refusalOf(load('create_job: {job: jobs/job.yml, type: pipeline}\n'))
    expect(message).toContain('main.yml:3:33: create_job.type: the job is of type command')
  })

  test('is a file that is not there', async () => {
    expect((await refusalOf(load('create_job: ./nothing.yml\n'))).message).toContain('there is no file /p/nothing.yml')
  })
})

describe('what Azure ML schedules do besides', () => {
  const whole = (text: string) => loadManifest({ file: '/p/main.yml', files: memoryFiles({ '/p/main.yml': text }) })

  test.each([['import_data', 'import data', 'give it as create_job']])(
    '%s is refused with a reason and the nearest way',
    async (action, reason, hint) => {
      const error = await refusalOf(
        whole(`$schema: http://azureml/sdk-2-0/Schedule.json\n${head}${action}: {anything: 1}\n`),
      )
      expect(error).toMatchObject({ kind: 'unsupported', hint: expect.stringContaining(hint) })
      expect(error.message).toContain(`main.yml:4:1: ${action}: `)
      expect(error.message).toContain(reason)
    },
  )

  test('is refused after what is wrong with its trigger', async () => {
    const error = await refusalOf(whole('name: x\ntrigger: {type: cronn}\nimport_data: {}\n'))
    expect(error).toMatchObject({ kind: 'invalid', details: [{ property: 'trigger.type', line: 2 }] })
  })
})
