import { buildTestApp, eachDialect, logOf, runJob, stepsOf, type TestApp } from '@hagane/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const linesOf = (log: string) => log.trimEnd().split('\n').sort()
const say = 'echo "$RANK/$WORLD_SIZE on $NODE_RANK"'

eachDialect('distributed jobs', database => {
  let app: TestApp
  beforeAll(async () => {
    app = await buildTestApp({ settings: { database: database.location() } })
  })
  afterAll(() => app[Symbol.asyncDispose]())

  it('run one process for each rank; the node says more than its component', async () => {
    const component = {
      type: 'command',
      command: say,
      inputs: { nodes: { type: 'integer' } },
      resources: { instance_count: 1 },
      distribution: { type: 'PyTorch' },
    }
    const job = await runJob(app.client, {
      type: 'pipeline',
      inputs: { nodes: 2 },
      settings: { force_rerun: true },
      jobs: {
        alone: { component, inputs: { nodes: 1 } },
        many: {
          component,
          inputs: { nodes: '${{parent.inputs.nodes}}' },
          resources: { instance_count: '${{inputs.nodes}}' },
          distribution: { type: 'pytorch', process_count_per_instance: 2 },
        },
      },
    })
    expect(job.status).toBe('Completed')
    const steps = await stepsOf(app.client, job.name)
    expect(linesOf(await logOf(app.client, steps.alone?.name ?? ''))).toEqual(['[rank 0] 0/1 on 0'])
    expect(linesOf(await logOf(app.client, steps.many?.name ?? ''))).toEqual([
      '[rank 0] 0/4 on 0',
      '[rank 1] 1/4 on 0',
      '[rank 2] 2/4 on 1',
      '[rank 3] 3/4 on 1',
    ])
  })

  it('fail with the rank, its code and its own last lines', async () => {
    const job = await runJob(app.client, {
      type: 'command',
      command: 'if [ $OMPI_COMM_WORLD_RANK = 1 ]; then echo why; exit 3; fi; sleep 1000',
      distribution: { type: 'mpi', process_count_per_instance: 2 },
    })
    expect(job.status).toBe('Failed')
    expect(job.error).toMatchObject({
      message: expect.stringMatching(
        /^rank 1 of the distributed step exited with code 3(; its memory peaked at \d+ MB)?$/,
      ),
      exit_code: 3,
      log_tail: ['why'],
      log: 'user_logs/std_log_process_1.txt',
    })
  })

  it('reuse only what ran on as many processes', async () => {
    const run = async (processes: number) => {
      const distribution = { type: 'pytorch', process_count_per_instance: processes }
      const job = await runJob(app.client, { type: 'pipeline', jobs: { a: { command: 'echo $RANK', distribution } } })
      return (await stepsOf(app.client, job.name)).a?.reuse?.from
    }
    expect(await run(1)).toBeUndefined()
    expect(await run(2)).toBeUndefined()
    expect(await run(2)).toBeDefined()
  })
})

describe('a distributed job', () => {
  it('of an unknown kind is refused before it is stored', async () => {
    await using app = await buildTestApp()
    const submitted = runJob(app.client, { type: 'command', command: 'true', distribution: { type: 'ray' } })
    await expect(submitted).rejects.toMatchObject({ kind: 'invalid', message: /job.distribution.type: 'ray'/ })
  })
})
