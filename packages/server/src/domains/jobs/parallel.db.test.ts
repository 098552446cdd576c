import { type Client, jobRoutes, treeUri } from '@hagane/contract'
import {
  buildTestApp,
  eachDialect,
  logOf,
  MlflowApi,
  runJob,
  stepsOf,
  type TestApp,
  uploadFiles,
} from '@hagane/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const upload = async (client: Client, files: Record<string, string>): Promise<string> =>
  treeUri(await uploadFiles(client, files))

const script = `import os, sys
def run(mini_batch):
    return [sys.argv[2] + open(path).read() for path in mini_batch]
`

eachDialect('parallel steps', database => {
  let app: TestApp
  let node: Record<string, unknown>
  beforeAll(async () => {
    app = await buildTestApp({ settings: { database: database.location() } })
    node = {
      type: 'parallel',
      inputs: {
        data: {
          type: 'uri_folder',
          path: await upload(app.client, { 'a.txt': '1', 'b.txt': '2', 'c.txt': '3' }),
          mode: 'direct',
        },
        sign: '#',
      },
      outputs: { rows: { type: 'uri_file' } },
      input_data: '${{inputs.data}}',
      mini_batch_size: '${{parent.inputs.size}}',
      max_concurrency_per_instance: 2,
      resources: { instance_count: 2 },
      retry_settings: { max_retries: 0 },
      task: {
        code: await upload(app.client, { 'entry.py': script }),
        entry_script: 'entry.py',
        program_arguments: '--sign ${{inputs.sign}} --error_threshold 0',
        append_row_to: '${{outputs.rows}}',
      },
    }
  })
  afterAll(() => app[Symbol.asyncDispose]())

  const pipeline = (more: Record<string, unknown> = {}, settings = {}) => ({
    type: 'pipeline',
    inputs: { size: 1 },
    settings,
    jobs: {
      score: { ...node, ...more },
      show: {
        command: 'cat ${{inputs.rows}}',
        inputs: { rows: { type: 'uri_file', path: '${{parent.jobs.score.outputs.rows}}' } },
      },
    },
  })

  it('cut their input into mini-batches, append the rows to an output, and count in metrics', async () => {
    const job = await runJob(app.client, pipeline())
    const { score, show } = await stepsOf(app.client, job.name)
    expect([job.status, score?.type]).toEqual(['Completed', 'command'])
    expect(await logOf(app.client, show?.name ?? '')).toBe('#1\n#2\n#3\n')
    expect(await logOf(app.client, score?.name ?? '')).toContain('3 mini-batches, 3 worker processes')
    const { run } = await new MlflowApi(app.url).get('runs/get', { run_id: score?.name })
    const { metrics } = (run as { data: { metrics: { key: string; value: number }[] } }).data
    expect(Object.fromEntries(metrics.map(({ key, value }) => [key, value]))).toMatchObject({
      mini_batches_total: 3,
      mini_batches_done: 3,
      mini_batches_failed: 0,
      items_done: 3,
    })
  })

  it('are reused while nothing changed, and run again with another mini-batch size', async () => {
    const reuse = async (size: number) => {
      const job = await runJob(app.client, { ...pipeline(), inputs: { size } })
      return (await stepsOf(app.client, job.name)).score?.reuse?.from
    }
    await reuse(2)
    expect(await reuse(2)).toBeDefined()
    expect(await reuse(3)).toBeUndefined()
  })

  it('of a component take what the node says over what the component says', async () => {
    const { type, task, inputs: _inputs, outputs, ...rest } = node
    const component = {
      ...rest,
      type,
      task,
      outputs,
      inputs: { data: { type: 'uri_folder', mode: 'direct' }, sign: { type: 'string', default: '-' } },
      mini_batch_size: '3',
    }
    const given = { type, component, inputs: { data: (node.inputs as { data: unknown }).data }, mini_batch_size: 2 }
    const job = await runJob(app.client, { type: 'pipeline', jobs: { score: given } })
    expect(job.status).toBe('Completed')
    const { score } = await stepsOf(app.client, job.name)
    expect(await logOf(app.client, score?.name ?? '')).toContain('2 mini-batches, 2 worker processes')
  })

  it('fail when more items fail than the threshold allows, and keep the traceback', async () => {
    const code = await upload(app.client, { 'entry.py': 'def run(mini_batch): raise ValueError("no good")' })
    const job = await runJob(app.client, pipeline({ task: { ...(node.task as object), code } }))
    expect(job.status).toBe('Failed')
    const { score, show } = await stepsOf(app.client, job.name)
    expect(show?.status).toBe('Canceled')
    expect(score?.error?.exit_code).toBe(1)
    expect(score?.error?.log_tail?.at(-1)).toContain('error_threshold is 0')
    const { files } = await new MlflowApi(app.url).get('artifacts/list', {
      run_id: score?.name,
      path: 'logs/user/error',
    })
    expect((files as { path: string }[])[0]?.path).toMatch(/mini_batch_0000\d.txt$/)
  })

  describe('are refused at submit', () => {
    it.each([
      [{ input_data: '${{inputs.none}}' }, 'jobs.score.input_data'],
      [{ input_data: undefined }, 'jobs.score.input_data'],
      [{ mini_batch_size: '0' }, 'jobs.score.mini_batch_size'],
      [{ mini_batch_size: '-3' }, 'jobs.score.mini_batch_size'],
      [{ mini_batch_size: '10zz' }, 'jobs.score.mini_batch_size'],
      [{ mini_batch_size: '' }, 'jobs.score.mini_batch_size'],
      [{ max_concurrency_per_instance: 'x' }, 'jobs.score.max_concurrency_per_instance'],
      [{ max_concurrency_per_instance: 100 }, '200 worker processes are too many'],
      [{ error_threshold: -2 }, 'jobs.score.error_threshold'],
      [{ logging_level: 'loud' }, 'jobs.score.logging_level'],
      [{ retry_settings: { timeout: 0 } }, 'jobs.score.retry_settings.timeout'],
      [{ task: { type: 'model', model: 'azureml:m:1' } }, 'jobs.score.task.environment'],
      [{ task: { entry_script: 'a.py', append_row_to: '${{outputs.none}}' } }, 'jobs.score.task.append_row_to'],
    ])('%j', async (more, says) => {
      const submitted = app.client.call(jobRoutes.validate, { body: { job: pipeline(more) as never } })
      await expect(submitted).rejects.toMatchObject({ kind: 'invalid', message: expect.stringContaining(says) })
    })
  })
})
