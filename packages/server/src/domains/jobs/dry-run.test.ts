import { HaganeError, type JobSpec, jobRoutes } from '@hagane/contract'
import { buildTestApp, type TestApp } from '@hagane/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

let app: TestApp
beforeAll(async () => {
  app = await buildTestApp()
})
afterAll(() => app[Symbol.asyncDispose]())

const plan = (job: object) => app.client.call(jobRoutes.plan, { body: { job: job as JobSpec } })
const count = async () => (await app.client.call(jobRoutes.list, { query: {} })).items.length

describe('a dry run', () => {
  it('answers every step with its command, what it waits for and its resolved inputs, and stores nothing', async () => {
    const { job, warnings } = await plan({
      type: 'pipeline',
      inputs: { word: 'steel' },
      outputs: { all: null },
      settings: { default_compute: 'azureml:cpu-cluster' },
      jobs: {
        a: {
          command: 'echo ${{inputs.w}} > ${{outputs.o}}/w',
          inputs: { w: '${{parent.inputs.word}}' },
          outputs: { o: null },
          environment_variables: { LEVEL: 3 },
          limits: { timeout: 60 },
        },
        b: {
          command: 'cat ${{inputs.i}}/w > ${{outputs.o}}/w',
          inputs: { i: '${{parent.jobs.a.outputs.o}}' },
          outputs: { o: '${{parent.outputs.all}}' },
        },
      },
    })
    expect(warnings).toEqual([])
    expect(job).toMatchObject({ type: 'pipeline', inputs: { word: 'steel' } })
    expect(job.jobs).toMatchObject([
      {
        step: 'a',
        command: 'echo ${{inputs.w}} > ${{outputs.o}}/w',
        compute: 'azureml:cpu-cluster',
        environment_variables: { LEVEL: '3' },
        timeout: 60,
        reusable: true,
        inputs: { w: '${{parent.inputs.word}}' },
        outputs: { o: { type: 'uri_folder' } },
      },
      {
        step: 'b',
        after: ['a'],
        inputs: { i: '${{parent.jobs.a.outputs.o}}' },
        outputs: { o: { publish: '${{parent.outputs.all}}' } },
      },
    ])
    expect(job.jobs?.[0]?.environment?.definition).toMatch(/^[0-9a-f]{64}$/)
    expect(await count()).toBe(0)
  })

  it('shows what each trial of a sweep will be', async () => {
    const { job } = await plan({
      type: 'sweep',
      sampling_algorithm: 'grid',
      objective: { goal: 'minimize', primary_metric: 'loss' },
      search_space: { x: { type: 'choice', values: [1, 2] } },
      trial: { command: 'echo ${{search_space.x}}' },
    })
    expect(job.type).toBe('sweep')
    expect(job.jobs).toMatchObject([{ step: 'trial', command: 'echo ${{search_space.x}}', type: 'command' }])
  })

  it('refuses what a submission would refuse', async () => {
    const circle = {
      type: 'pipeline',
      jobs: {
        a: { command: 'true', inputs: { i: '${{parent.jobs.b.outputs.o}}' }, outputs: { o: null } },
        b: { command: 'true', inputs: { i: '${{parent.jobs.a.outputs.o}}' }, outputs: { o: null } },
      },
    }
    await expect(plan(circle)).rejects.toThrow(HaganeError)
    await expect(plan(circle)).rejects.toThrow(/circle: (a → b → a|b → a → b)/)
    expect(await count()).toBe(0)
  })
})
