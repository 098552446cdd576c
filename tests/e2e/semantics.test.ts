import { join, resolve } from 'node:path'
import { dataRoutes, type JobResource, jobRoutes } from '@hagane/contract'
import { buildTestApp, endOf, logOf, stepsOf, type TestApp } from '@hagane/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Ran, runCli } from '../../packages/cli/src/testing/run-cli.ts'

/** Runs examples/azureml-semantics by the command line; its README says which number of the list each one shows. */
const examples = resolve(import.meta.dirname, '../../examples/azureml-semantics')

describe('semantics of Azure ML that are easy to miss', () => {
  let app: TestApp
  beforeAll(async () => {
    app = await buildTestApp()
  })
  afterAll(() => app[Symbol.asyncDispose]())

  const hagane = (folder: string, ...argv: string[]): Promise<Ran> =>
    runCli(argv, { env: { HAGANE_URL: app.url }, cwd: join(examples, folder) })

  async function submit(folder: string, file: string, ...flags: string[]): Promise<string> {
    const { code, out, err } = await hagane(
      folder,
      'job',
      'create',
      '-f',
      file,
      '--query',
      'name',
      '-o',
      'tsv',
      ...flags,
    )
    expect(code, err).toBe(0)
    return out.trim()
  }
  const end = async (name: string): Promise<JobResource> => endOf(app.client, name)
  async function completed(folder: string, file: string, ...flags: string[]): Promise<JobResource> {
    const job = await end(await submit(folder, file, ...flags))
    expect(job.status, job.error?.message).toBe('Completed')
    return job
  }
  const logs = async (parent: string): Promise<Record<string, string>> => {
    const steps = Object.values(await stepsOf(app.client, parent))
    const texts = steps
      .filter(step => step.type === 'command')
      .map(async step => [step.step, await logOf(app.client, step.name)])
    return Object.fromEntries(await Promise.all(texts))
  }

  it('1 2 3 13 36: text for bash, put in raw; literals as Python writes them; outputs/ is there; a name is made up', async () => {
    const job = await completed('shell', 'job.yml')
    expect((await logOf(app.client, job.name)).split('\n')).toEqual([
      'bash yes',
      'work',
      'hello big world',
      'argument {"a": [1, 2]}',
      'argument False',
      'argument 1e-3',
      'argument 1.0',
      'argument /data/deep/er.csv',
      '',
    ])
    expect(job).toMatchObject({ display_name: 'shell', experiment_name: 'shell' })
    expect(job.name).toMatch(/^[a-z]+_[a-z]+_[a-z0-9]+$/)
  })

  it('4 5 28: optional parts go away, keep a default, cross nested components; undeclared inputs are dropped', async () => {
    const job = await completed('optional', 'pipeline.yml')
    expect(await logs(job.name)).toEqual({
      least: '[ least --rate 0.25 ]\n',
      most: '[ most --epochs 3 --rate 1 resume=yes ]\n',
    })
    const steps = await stepsOf(app.client, job.name)
    const nested = async (step: string) => logs(steps[step]?.name ?? '')
    expect(await nested('nothing_nested')).toEqual({ inner: '[ nested --rate 0.25 ]\n' })
    expect(await nested('something_nested')).toEqual({ inner: '[ nested --epochs 7 --rate 0.25 ]\n' })
  })

  it('6: a command that installs packages has a writable environment of its own', async () => {
    const job = await completed('own-packages', 'job.yml')
    expect(await logOf(app.client, job.name)).toContain('hello from a private place\n')
  })

  it('7 8: variables of components, nodes and inline steps; those that scripts for Azure read', async () => {
    const job = await completed('variables', 'pipeline.yml')
    expect(await logs(job.name)).toEqual({
      node: 'green 3 $NOT_EXPANDED_HERE\nmissing: []\nsame run: True\n',
      inline: 'colour blue\n',
    })
  })

  it('9 10 12: paths are relative to the file that holds them; code may be a folder, a file or nothing', async () => {
    const job = await completed('paths', 'pipeline.yml')
    expect(await logs(job.name)).toEqual({
      folder_and_includes:
        'includes.yml\nlogs\nmain.py\none-file.yml\noutputs\nshared_tools\nincluded beside the code\n',
      one_file: 'logs\nmain.py\noutputs\n',
      nothing: 'logs\noutputs\n',
    })
  })

  it('13 14: outputs/ and logs/ are artifacts, and the output named artifacts is their root', async () => {
    const job = await completed('artifacts', 'pipeline.yml')
    const { read } = await logs(job.name)
    expect(read).toMatch(/^kept\nlogged\n.*\nnothing else\n$/)
  })

  it('15 18 19 28: outputs are made before the command, empty; a file has its folder; name and path publish', async () => {
    const job = await completed('outputs', 'pipeline.yml')
    expect(await logs(job.name)).toEqual({ write: '0\n', read: 'one.txt one\nanswer.txt\nfile\n' })
    const asset = await app.client.call(dataRoutes.show, { params: { name: 'semantics-answer', version: '1' } })
    expect(asset).toMatchObject({ type: 'uri_file', file_count: 1 })
    const body = {
      name: 'published',
      type: 'uri_folder' as const,
      path: `azureml://jobs/${job.name}/outputs/published`,
    }
    expect(await app.client.call(dataRoutes.create, { body })).toMatchObject({ file_count: 1 })
  })

  it('17: listings are sorted', async () => {
    const job = await completed('listing', 'job.yml')
    expect(await logOf(app.client, job.name)).toBe(
      "['10.csv', '9.csv', 'alpha.csv', 'merged_data.csv', 'zebra.csv'] 9.csv\n",
    )
  })

  it('20 21 22 24 25: a file keeps its name, direct is text, models are folders, latest is the newest', async () => {
    for (const version of ['10', '2']) {
      expect((await hagane('data', 'data', 'create', '-f', `numbers-${version}.yml`)).code).toBe(0)
    }
    const job = await completed('data', 'job.yml')
    expect((await logOf(app.client, job.name)).split('\n')).toEqual([
      'b.csv',
      'a.csv',
      'b.csv',
      'weights.txt',
      'uri azureml://datastores/workspaceblobstore/paths/not/there/yet',
      'version 2',
      '',
    ])
  })

  it('26: an import from a database is refused with the reason', async () => {
    const { code, err } = await hagane('data', 'data', 'create', '-f', 'import.yml')
    expect(code).not.toBe(0)
    expect(err).toMatch(/import/i)
  })

  it('27 29 30 34 35 36 37: nested and inline components, compute as a text, a body that is a component, odd settings', async () => {
    const job = await completed('order', 'pipeline.yml')
    expect(await logs(job.name)).toMatchObject({ after: 'hello everybody\n' })
    expect(job.display_name).toBe('any display name, also "quoted"')

    const refused = await hagane('order', 'job', 'create', '-f', 'body.yml')
    expect(refused).toMatchObject({ code: 1, err: expect.stringContaining('inputs.who') })
    const body = await completed('order', 'body.yml', '--set', 'inputs.who=you', 'inputs.machine=gpu-cluster')
    expect(await logs(body.name)).toMatchObject({ say: expect.any(String) })
  })

  it('31: equal steps are reused, also across pipelines, unless force_rerun says otherwise', async () => {
    const first = await completed('order', 'body.yml', '--set', 'inputs.who=reuse')
    const second = await completed('order', 'body.yml', '--set', 'inputs.who=reuse')
    const forced = await completed(
      'order',
      'body.yml',
      '--set',
      'inputs.who=reuse',
      '--set',
      'settings.force_rerun=True',
    )
    const reusedFrom = async (job: JobResource) => (await stepsOf(app.client, job.name)).say?.reuse?.from
    expect(await reusedFrom(second)).toBe((await stepsOf(app.client, first.name)).say?.name)
    expect(await reusedFrom(forced)).toBeUndefined()
  })

  it('32: a failed step stops the rest, or only what needs it', async () => {
    const [stopped, going] = await Promise.all(
      ['false', 'true'].map(async go =>
        end(await submit('failure', 'pipeline.yml', '--set', `settings.continue_on_step_failure=${go}`)),
      ),
    )
    const statuses = async (job: JobResource | undefined) =>
      Object.fromEntries(
        Object.entries(await stepsOf(app.client, job?.name ?? '')).map(([step, { status }]) => [step, status]),
      )
    expect([stopped?.status, going?.status]).toEqual(['Failed', 'Failed'])
    expect(await statuses(stopped)).toMatchObject({ fails: 'Failed', needs_it: 'Canceled', apart_too: 'Canceled' })
    expect(await statuses(going)).toMatchObject({ fails: 'Failed', needs_it: 'Canceled', apart_too: 'Completed' })
  })

  it('33: a job ends when its time is over, with everything it started', async () => {
    const job = await end(await submit('failure', 'too-long.yml'))
    expect(['Failed', 'Canceled']).toContain(job.status)
    expect(job.error?.message).toMatch(/1 s|timeout|time/)
  })

  it('41: what a script logs without start_run is the job', async () => {
    const job = await completed('tracking', 'job.yml')
    const run = await fetch(`${app.url}/api/2.0/mlflow/runs/get?run_id=${job.name}`)
    expect(await run.json()).toMatchObject({
      run: {
        info: { status: 'FINISHED' },
        data: {
          metrics: [expect.objectContaining({ key: 'hello_metric', value: 42 })],
          params: expect.arrayContaining([{ key: 'hello_param', value: 'world' }]),
        },
      },
    })
    expect(job).toMatchObject({ experiment_name: 'semantics', tags: { purpose: 'example' } })
  })

  it('38 39 40: one command as several ranks, with the variables of each framework', async () => {
    const job = await completed('distribution', 'pipeline.yml')
    const { torch_like, tensorflow_like, mpi_like } = await logs(job.name)
    const rank = (n: number, local: number, node: number) =>
      `rank ${n} local ${local} node ${node} of 4 at an address and a port`
    for (const line of [rank(0, 0, 0), rank(1, 1, 0), rank(2, 0, 1), rank(3, 1, 1)]) expect(torch_like).toContain(line)
    for (const index of [0, 1]) expect(tensorflow_like).toContain(`tf 2 [] worker ${index}`)
    for (const index of [0, 1]) expect(mpi_like).toContain(`mpi ${index} of 2`)
    const torch = (await stepsOf(app.client, job.name)).torch_like
    const body = { name: 'ranks', type: 'uri_folder' as const, path: `azureml://jobs/${torch?.name}/outputs/shared` }
    expect(await app.client.call(dataRoutes.create, { body })).toMatchObject({ file_count: 4 })
  })

  it('42: a sweep reads its metric by name from MLflow; every trial is a run with its parameters', async () => {
    const job = await completed('sweep', 'job.yml')
    const { items } = await app.client.call(jobRoutes.list, { query: { parent_job_name: job.name, limit: 10 } })
    expect(items).toHaveLength(2)
    for (const trial of items) expect(await logOf(app.client, trial.name)).toMatch(/size [49]\n$/)
  })

  it('64 65: schedules with Windows time zones and recurrences, switched off and on', async () => {
    for (const [file, name] of [
      ['cron.yml', 'semantics_cron'],
      ['recurrence.yml', 'semantics_recurrence'],
    ] as const) {
      const made = await hagane('schedules', 'schedule', 'create', '-f', file, '-o', 'json')
      expect(made.code, made.err).toBe(0)
      expect((await hagane('schedules', 'schedule', 'disable', '-n', name)).code).toBe(0)
      const off = await hagane('schedules', 'schedule', 'show', '-n', name, '--query', 'is_enabled', '-o', 'tsv')
      expect(off.out.trim()).toBe('false')
      expect((await hagane('schedules', 'schedule', 'enable', '-n', name)).code).toBe(0)
    }
  })
})
