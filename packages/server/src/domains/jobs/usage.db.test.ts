import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { auditRoutes, type JobResource, jobRoutes } from '@hagane/contract'
import { at, buildTestApp, eachDialect, endOf, MlflowApi, runJob, submitJob, type TestApp } from '@hagane/testkit'
import { afterAll, beforeAll, expect, it } from 'vitest'

const MB = 1e6
const MEMORY = 'system/system_memory_usage_megabytes'

eachDialect('what a step uses', database => {
  let app: TestApp
  let folder = ''
  const settings = () => ({ database: database.dialect === 'sqlite' ? undefined : database.location() })
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hagane-usage-'))
    app = await buildTestApp({ settings: settings(), dir: folder })
  })
  afterAll(async () => {
    await app[Symbol.asyncDispose]()
    await rm(folder, { recursive: true, force: true })
  })

  /** Holds so much memory until it is told to end with an exit code. */
  const holds = (name: string, megabytes: number, before = '') => ({
    type: 'command',
    command: `python3 -c "
import os, sys, time
${before}
b = bytearray(${megabytes} * 10**6)
path, code = '${folder}/${name}', ''
while not code:
    time.sleep(0.02)
    code = open(path).read() if os.path.exists(path) else ''
sys.exit(int(code))"`,
  })
  const whileRunning = async (name: string, holds: (job: JobResource) => boolean): Promise<JobResource> => {
    for (;;) {
      const job = await app.client.call(jobRoutes.show, { params: { name } })
      if (holds(job)) return job
      expect(['Queued', 'Preparing', 'Starting', 'Running']).toContain(job.status)
      await pause(50)
    }
  }
  const history = async (run: string): Promise<Record<string, unknown>[]> => {
    const path = `/api/2.0/mlflow/metrics/get-history?run_id=${run}&metric_key=${MEMORY}`
    const { body } = await new MlflowApi(app.url).request('GET', path)
    return (at(body, 'metrics') ?? []) as Record<string, unknown>[]
  }

  it('is shown while it runs, logged to its run, and kept over a restart of the server', async () => {
    const name = await submitJob(app.client, holds('kept', 150))
    const running = await whileRunning(name, job => (job.usage?.peak_memory_bytes ?? 0) > 150 * MB)
    expect(running.status).toBe('Running')
    await app[Symbol.asyncDispose]()
    const before = await (async () => {
      app = await buildTestApp({ settings: settings(), dir: folder })
      return app.client.call(jobRoutes.show, { params: { name } })
    })()
    expect(before.usage?.peak_memory_bytes).toBeGreaterThan(150 * MB)
    const told = (await history(name)).length
    expect(told).toBeGreaterThan(0)
    const usedBefore = before.usage?.cpu_seconds ?? 0
    await whileRunning(name, job => (job.usage?.cpu_seconds ?? 0) > usedBefore)
    await writeFile(join(folder, 'kept'), '0')
    const job = await endOf(app.client, name)
    expect(job).toMatchObject({ status: 'Completed', usage: { cpu_seconds: expect.any(Number) } })
    expect(job.usage?.peak_memory_bytes).toBeGreaterThan(150 * MB)
    const points = await history(name)
    expect(points.length).toBeGreaterThan(told)
    expect(points.map(point => Number(point.step))).toEqual(points.map((_, i) => i))
    expect(Number(points[0]?.value)).toBeGreaterThan(150)
    const { items } = await app.client.call(auditRoutes.list, { query: { subject: `job/${name}` } })
    expect(items[0]).toMatchObject({ type: 'dev.hagane.job.completed', data: { usage: job.usage } })
    const listed = await app.client.call(jobRoutes.list, { query: {} })
    expect(listed.items.find(one => one.name === name)?.usage).toEqual(job.usage)
  })

  it('is part of the reason when it fails', async () => {
    const name = await submitJob(app.client, holds('failed', 110))
    await whileRunning(name, job => (job.usage?.peak_memory_bytes ?? 0) > 110 * MB)
    await writeFile(join(folder, 'failed'), '7')
    const { error } = await endOf(app.client, name)
    expect(error).toMatchObject({ cause: 'exit_code', exit_code: 7 })
    expect(error?.message).toMatch(/^the command exited with code 7; its memory peaked at 1[1-9]\d MB$/)
  })

  it('is not logged where an MLflow client logs it itself', async () => {
    const name = await submitJob(app.client, holds('client', 60))
    await whileRunning(name, job => (job.usage?.peak_memory_bytes ?? 0) > 60 * MB)
    const metric = { run_id: name, key: MEMORY, value: 4321, timestamp: 1, step: 0 }
    await new MlflowApi(app.url).request('POST', '/api/2.0/mlflow/runs/log-metric', metric)
    await writeFile(join(folder, 'client'), '0')
    expect((await endOf(app.client, name)).usage?.peak_memory_bytes).toBeGreaterThan(60 * MB)
    expect((await history(name)).map(point => Number(point.value))).toEqual([4321])
  })

  it('of a step that is over at once is its processor time', async () => {
    const job = await runJob(app.client, {
      type: 'command',
      command: 'python3 -c "import time\nwhile time.process_time() < 0.3: pass"',
    })
    // Where the kernel counts in ticks, a step can be told a few of them less than it took.
    expect(job.usage?.cpu_seconds).toBeGreaterThanOrEqual(0.2)
  })
})
