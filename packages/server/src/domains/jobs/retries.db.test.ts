import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { auditRoutes, type JobResource, jobRoutes } from '@hagane/contract'
import {
  at,
  buildTestApp,
  eachDialect,
  endOf,
  logOf,
  MlflowApi,
  runJob,
  stepsOf,
  submitJob,
  type TestApp,
} from '@hagane/testkit'
import { afterAll, beforeAll, expect, it } from 'vitest'

eachDialect('a step that did not stand', database => {
  let app: TestApp
  let folder = ''
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hagane-retries-'))
    app = await buildTestApp({
      settings: { database: database.dialect === 'sqlite' ? undefined : database.location() },
    })
  })
  afterAll(async () => {
    await app[Symbol.asyncDispose]()
    await rm(folder, { recursive: true, force: true })
  })

  /** Notes each run of its command, and goes on with `then`, which knows their number as $n. */
  const noted = (name: string, then: string, retry_settings?: object) => ({
    type: 'command',
    command: `echo x >> ${folder}/${name}; n=$(wc -l < ${folder}/${name}); echo run $n; ${then}`,
    ...(retry_settings === undefined ? {} : { retry_settings }),
  })
  const runs = async (name: string): Promise<number> =>
    (await readFile(join(folder, name), 'utf8').catch(() => '')).split('\n').length - 1
  const waiting = async (name: string): Promise<JobResource> => {
    for (;;) {
      const job = await app.client.call(jobRoutes.show, { params: { name } })
      if (job.status === 'Queued' && job.retries !== undefined) return job
      expect(['Completed', 'Failed', 'Canceled']).not.toContain(job.status)
      await pause(20)
    }
  }

  it('is run again as its author allows, each attempt in a folder and with a log of its own', async () => {
    const allowed = { max_retries: 3, backoff_seconds: 0.1 }
    const job = await runJob(app.client, noted('twice', 'test $n = 3 || exit $n', allowed))
    expect(job).toMatchObject({
      status: 'Completed',
      attempts: 3,
      retries: [
        { attempt: 1, cause: 'exit_code', exit_code: 1, of: 4 },
        { attempt: 2, cause: 'exit_code', exit_code: 2, of: 4 },
      ],
    })
    expect(job.error).toBeUndefined()
    expect(await runs('twice')).toBe(3)
    const log = await logOf(app.client, job.name)
    expect(log.match(/run \d|tried again: .*code \d/g)?.map(line => line.replace(/ ended at \S+:/, ''))).toEqual([
      'run 1',
      'tried again: the try before the command exited with code 1',
      'run 2',
      'tried again: the try before the command exited with code 2',
      'run 3',
    ])
    const path = `artifacts/list?run_id=${job.name}&path=user_logs`
    const { body } = await new MlflowApi(app.url).request('GET', `/api/2.0/mlflow/${path}`)
    const files = (at(body, 'files') as { path: string }[]).map(file => file.path)
    expect(files).toEqual(['user_logs/attempt_1', 'user_logs/attempt_2', 'user_logs/std_log.txt'])
    const { items } = await app.client.call(auditRoutes.list, { query: { subject: `job/${job.name}` } })
    const again = items.filter(event => event.type === 'dev.hagane.job.queued' && 'retry' in event.data)
    expect(again.map(event => at(event.data, 'retry.try'))).toEqual([3, 2])
  })

  it('fails in the end with the last reason, and its pipeline with it', async () => {
    const { type: _, ...node } = noted('always', 'exit 5', { max_retries: 1, backoff_seconds: 0.1 })
    const job = await runJob(app.client, { type: 'pipeline', jobs: { a: node } })
    expect(job.status).toBe('Failed')
    const step = (await stepsOf(app.client, job.name)).a
    expect(step).toMatchObject({ attempts: 2, error: { exit_code: 5 }, retries: [{ attempt: 1, exit_code: 5 }] })
    expect(await runs('always')).toBe(2)
  })

  it('is not run a second time where nobody allows it, neither failed nor lost', async () => {
    const failed = await runJob(app.client, noted('once', 'exit 1'))
    expect(failed).toMatchObject({ status: 'Failed', attempts: 1, error: { exit_code: 1 } })
    const lost = await runJob(app.client, noted('gone', 'kill -9 0'))
    expect(lost).toMatchObject({ status: 'Failed', attempts: 1, error: { cause: 'lost' } })
    expect([await runs('once'), await runs('gone')]).toEqual([1, 1])
  })

  it('is run again for the reasons its author names and no other', async () => {
    const allowed = { max_retries: 2, on: ['lost'], backoff_seconds: 0.1 }
    const job = await runJob(app.client, noted('lost', 'test $n = 2 || kill -9 0; exit 3', allowed))
    expect(job).toMatchObject({
      status: 'Failed',
      attempts: 2,
      error: { exit_code: 3 },
      retries: [{ attempt: 1, cause: 'lost' }],
    })
    expect(await runs('lost')).toBe(2)
  })

  it('waits without a place in the machine, says for what, and is canceled at once', async () => {
    const name = await submitJob(app.client, noted('waits', 'exit 1', { max_retries: 1, backoff_seconds: 3600 }))
    expect((await waiting(name)).queue?.reason).toMatch(/^try 2 of 2 in \d+ s: the command exited with code 1$/)
    const fresh = await Promise.all(
      Array.from({ length: 4 }, () => runJob(app.client, { type: 'command', command: 'true' })),
    )
    expect(fresh.map(job => job.status)).toEqual(['Completed', 'Completed', 'Completed', 'Completed'])
    await app.client.call(jobRoutes.cancel, { params: { name } })
    expect((await endOf(app.client, name)).status).toBe('Canceled')
    expect(await runs('waits')).toBe(1)
  })

  it('is not run early by a server that finds it after a kill, and keeps its one task', async () => {
    const name = await submitJob(app.client, noted('early', 'exit 1', { max_retries: 1, backoff_seconds: 3600 }))
    await waiting(name)
    if (database.dialect === 'postgres') {
      const tasks = () =>
        database.db().writes.selectFrom('tasks').selectAll().where('subject', '=', `job/${name}`).execute()
      const delayed = async () => (await tasks()).filter(task => task.state === 'delayed')
      while ((await delayed()).length === 0) await pause(20)
      const [{ run_after: due, fence } = { run_after: 0, fence: 0 }] = await delayed()
      await database.db().writes.updateTable('tasks').set({ state: 'queued', run_after: 0 }).execute()
      while ((await delayed()).length === 0) await pause(20)
      expect(await tasks()).toMatchObject([{ run_after: due, fence: Number(fence) + 1, attempts: 0 }])
    }
    await app.client.call(jobRoutes.cancel, { params: { name } })
    expect(await runs('early')).toBe(1)
  })

  it('before its command began is tried again by itself, and the author may forbid it', async () => {
    const index = process.env.UV_DEFAULT_INDEX
    process.env.UV_DEFAULT_INDEX = 'http://127.0.0.1:9/simple'
    try {
      const environment = { name: 'none', conda_file: { dependencies: ['python=3.11', { pip: ['hagane-none==1.0'] }] } }
      const with_ = (retry_settings: object) => ({ ...noted('index', 'true', retry_settings), environment })
      const job = await runJob(app.client, with_({ max_retries: 1, backoff_seconds: 0.1, on: ['lost'] }))
      expect(job).toMatchObject({
        status: 'Failed',
        attempts: 0,
        error: { cause: 'package_index' },
        retries: [{ attempt: 0, cause: 'package_index', of: 2 }],
      })
      expect((await runJob(app.client, with_({ max_retries: 0 }))).retries).toBeUndefined()
      expect(await runs('index')).toBe(0)
    } finally {
      if (index === undefined) delete process.env.UV_DEFAULT_INDEX
      else process.env.UV_DEFAULT_INDEX = index
    }
  })

  it('is refused where its settings say nothing sensible', async () => {
    for (const [retry_settings, says] of [
      [{ max_retries: -1 }, 'retry_settings.max_retries'],
      [{ max_retries: 1, on: ['sometimes'] }, 'retry_settings.on'],
      [{ max_retries: 1, backoff_seconds: 0 }, 'retry_settings.backoff_seconds'],
      [{ on: ['lost'] }, 'retry_settings.max_retries'],
    ] as const)
      await expect(submitJob(app.client, noted('x', 'true', retry_settings))).rejects.toMatchObject({
        kind: 'invalid',
        message: expect.stringContaining(says),
      })
    const component = { type: 'pipeline', jobs: { a: { command: 'true' } } }
    const jobs = { n: { component, retry_settings: { max_retries: 1 } } }
    await expect(submitJob(app.client, { type: 'pipeline', jobs })).rejects.toMatchObject({
      kind: 'invalid',
      message: expect.stringContaining('jobs.n.retry_settings'),
    })
  })
})
