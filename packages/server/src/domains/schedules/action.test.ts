import type { JobSpec } from '@hagane/contract'
import { describe, expect, it } from 'vitest'
import { atMoment, overridden } from './action.ts'

const pipeline: JobSpec = {
  type: 'pipeline',
  name: 'once',
  display_name: 'of the file',
  inputs: { rows: 10, note: 'a' },
  settings: { default_compute: 'azureml:cpu', continue_on_step_failure: false },
  tags: { team: 'ml' },
  jobs: { a: { command: 'echo ${{inputs.n}} ${{name}}', inputs: { n: '${{parent.inputs.rows}}' } } },
}

describe('what a schedule says over its job', () => {
  it('is merged by key into inputs, settings and tags, and replaces the rest', () => {
    const job = overridden(pipeline, {
      job: 'azureml:x',
      settings: { continue_on_step_failure: true },
      inputs: { note: '${{name}}' },
      tags: { schedule: 'nightly' },
      experiment_name: 'nights',
    })
    expect(job).toMatchObject({
      inputs: { rows: 10, note: '${{name}}' },
      settings: { default_compute: 'azureml:cpu', continue_on_step_failure: true },
      tags: { team: 'ml', schedule: 'nightly' },
      experiment_name: 'nights',
    })
  })

  it('is the path of an input that is data, when it is a text', () => {
    const job = overridden(
      { ...pipeline, inputs: { rows: { type: 'uri_folder', path: 'azureml:rows:1', mode: 'download' }, note: 'a' } },
      { job: 'x', inputs: { rows: 'azureml:rows:2', note: 'azureml:b' } },
    )
    expect(job.inputs).toEqual({
      rows: { type: 'uri_folder', path: 'azureml:rows:2', mode: 'download' },
      note: 'azureml:b',
    })
  })

  it('leaves the names to the time, unless the schedule gives a display name', () => {
    expect(overridden(pipeline, { job: 'x' })).not.toHaveProperty('name')
    expect(overridden(pipeline, { job: 'x' })).not.toHaveProperty('display_name')
    expect(overridden(pipeline, { job: 'x', display_name: 'mine' })).toMatchObject({ display_name: 'mine' })
  })

  it('is refused when the job is of another type or has no such property', () => {
    expect(() => overridden(pipeline, { job: 'x', type: 'command' })).toThrow(
      'create_job.type: the job is of type pipeline',
    )
    expect(() =>
      overridden({ type: 'command', command: 'true' }, { job: 'x', settings: { force_rerun: true } }),
    ).toThrow("create_job: settings: unknown property 'settings'")
    expect(() => overridden(pipeline, { job: 'x', inputs: { rowz: 1, note: 'b', q: 2 } })).toThrow(
      expect.objectContaining({
        details: ['rowz', 'q'].map(name =>
          expect.objectContaining({ property: `create_job.inputs.${name}`, allowed: ['rows', 'note'] }),
        ),
      }),
    )
  })
})

it('fills the name and the time of a job, and leaves what its steps say to them', () => {
  const taking = { ...pipeline, inputs: { ...pipeline.inputs, day: '', other: '' } }
  const spec = overridden(taking, {
    job: 'x',
    inputs: { note: '${{name}}', day: '${{ creation_context.trigger_time }}', other: '${{parent.inputs.x}}' },
    tags: { run: 'of ${{name}}' },
  })
  expect(atMoment(spec, { name: 'nightly-1', time: new Date('2026-07-10T17:00:00.000Z') })).toMatchObject({
    name: 'nightly-1',
    inputs: { rows: 10, note: 'nightly-1', day: '2026-07-10T17:00:00Z', other: '${{parent.inputs.x}}' },
    tags: { team: 'ml', run: 'of nightly-1' },
    jobs: { a: { command: 'echo ${{inputs.n}} ${{name}}' } },
  })
})
