import { buildTestApp, eachDialect, logOf, runJob, stepsOf, type TestApp } from '@hagane/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const decide = (answer: string) => ({
  command: `echo ${answer} > \${{outputs.good}}`,
  outputs: { good: { type: 'boolean', is_control: true } },
})
const condition = '${{parent.jobs.decide.outputs.good}}'
const branches = {
  yes: { command: 'echo yes > ${{outputs.o}}/a', outputs: { o: '${{parent.outputs.result}}' } },
  no: { command: 'echo no > ${{outputs.o}}/a', outputs: { o: '${{parent.outputs.result}}' } },
  after_no: { command: 'cat ${{inputs.i}}/a', inputs: { i: '${{parent.jobs.no.outputs.o}}' } },
  apart: { command: 'echo apart' },
}

eachDialect('conditions of a pipeline', database => {
  let app: TestApp
  beforeAll(async () => {
    app = await buildTestApp({ settings: { database: database.location() } })
  })
  afterAll(() => app[Symbol.asyncDispose]())

  const run = async (jobs: Record<string, unknown>, more: Record<string, unknown> = {}) => {
    const job = await runJob(app.client, { type: 'pipeline', outputs: { result: {} }, jobs, ...more })
    const steps = await stepsOf(app.client, job.name)
    return { job, steps, statuses: Object.fromEntries(Object.entries(steps).map(([key, step]) => [key, step.status])) }
  }

  it.each([
    ['True', { yes: 'Completed', no: 'Canceled', after_no: 'Canceled' }],
    ['false', { yes: 'Canceled', no: 'Completed', after_no: 'Completed' }],
  ])(
    'run the block that the step decides (%s), skip the other with all that needs it, and complete',
    async (answer, expected) => {
      const check = { type: 'if_else', condition, true_block: '${{parent.jobs.yes}}', false_block: ['no'] }
      const { job, steps, statuses } = await run({ check, decide: decide(answer), ...branches })
      expect(job.status).toBe('Completed')
      expect(statuses).toEqual({ decide: 'Completed', apart: 'Completed', ...expected })
      const skipped = Object.values(steps).filter(step => step.status === 'Canceled')
      for (const { error } of skipped) expect(error?.message).toBe('skipped: a condition of the pipeline left it out')
      expect(job.outputs).toHaveProperty('result')
    },
  )

  it('that are known at submit need no step', async () => {
    const check = { type: 'if_else', condition: '${{parent.inputs.train}}', true_block: 'yes' }
    const { yes, no, after_no, apart } = branches
    const one = await run({ check, yes, no, after_no, apart }, { inputs: { train: false } })
    expect([one.job.status, one.statuses.yes, one.statuses.no]).toEqual(['Completed', 'Canceled', 'Completed'])
    const two = await run({ check: { ...check, condition: true }, yes, no, after_no, apart })
    expect([two.job.status, two.statuses.yes, two.statuses.no]).toEqual(['Completed', 'Completed', 'Completed'])
  })

  it('of a step that fails let nothing of either block run', async () => {
    const check = { type: 'if_else', condition, true_block: 'yes', false_block: 'no' }
    const failing = { ...decide('True'), command: 'exit 3' }
    const { job, statuses } = await run(
      { check, decide: failing, ...branches },
      { settings: { continue_on_step_failure: true } },
    )
    expect(job.status).toBe('Failed')
    expect(statuses).toEqual({
      decide: 'Failed',
      yes: 'Canceled',
      no: 'Canceled',
      after_no: 'Canceled',
      apart: 'Completed',
    })
  })

  it('decide the same when the deciding step is reused', async () => {
    const check = { type: 'if_else', condition, true_block: 'yes', false_block: 'no' }
    await run({ check, decide: decide('0'), ...branches })
    const { job, steps, statuses } = await run({ check, decide: decide('0'), ...branches })
    expect(steps.decide?.reuse?.from).toBeDefined()
    expect([job.status, statuses.yes, statuses.no]).toEqual(['Completed', 'Canceled', 'Completed'])
  })

  it('skip a whole nested pipeline', async () => {
    const nested = { type: 'pipeline', component: { type: 'pipeline', jobs: { inner: { command: 'true' } } } }
    const check = { type: 'if_else', condition: false, true_block: 'nested' }
    const { job, steps } = await run({ check, nested, apart: branches.apart })
    expect([job.status, steps.nested?.status]).toEqual(['Completed', 'Canceled'])
    expect((await stepsOf(app.client, steps.nested?.name ?? '')).inner?.status).toBe('Canceled')
  })

  describe('outputs that are values', () => {
    it('reach other steps as text', async () => {
      const make = { command: 'echo 0.25 > ${{outputs.rate}}', outputs: { rate: { type: 'number' } } }
      const use = { command: 'echo rate=${{inputs.rate}}', inputs: { rate: '${{parent.jobs.make.outputs.rate}}' } }
      const { job, steps } = await run({ make, use })
      expect(job.status).toBe('Completed')
      expect(await logOf(app.client, steps.use?.name ?? '')).toBe('rate=0.25\n')
    })
    it.each([
      ['boolean', 'echo maybe > ${{outputs.v}}', "'maybe'"],
      ['integer', 'echo 1.5 > ${{outputs.v}}', "'1.5'"],
      ['number', 'true > ${{outputs.v}}', "''"],
      ['string', 'true', 'wrote no file'],
    ])('of type %s are refused when the command does this: %s', async (type, command, says) => {
      const job = await runJob(app.client, { type: 'command', command, outputs: { v: { type } } })
      expect([job.status, job.error?.message]).toEqual(['Failed', expect.stringContaining(says)])
    })
  })

  describe('are refused at submit', () => {
    const { yes } = branches
    it.each([
      [{ condition: '${{parent.jobs.yes.outputs.o}}', true_block: 'yes' }, 'is an output of type uri_folder'],
      [{ condition: '${{parent.jobs.none.outputs.o}}', true_block: 'yes' }, 'names no output of a step'],
      [{ condition: 'maybe', true_block: 'yes' }, "'maybe' is 'maybe', not a boolean"],
      [{ condition: true, true_block: 'yess' }, "jobs.check.true_block: 'yess' names no step"],
      [{ condition: true, true_block: ['yes', 'check'] }, "'check' names no step"],
      [{ condition, true_block: 'decide' }, 'in a circle'],
    ])('%j', async (check, says) => {
      const jobs = { check: { type: 'if_else', ...check }, decide: decide('1'), yes }
      await expect(run(jobs)).rejects.toMatchObject({ kind: 'invalid', message: expect.stringContaining(says) })
    })
  })
})
