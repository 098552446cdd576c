import { appendFile, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { auditRoutes, type JobResource, jobRoutes } from '@hagane/contract'
import { buildTestApp, eachDialect, endOf, runJob, stepsOf, submitJob, type TestApp } from '@hagane/testkit'
import { afterAll, beforeAll, expect, it } from 'vitest'

const digestOf = (job: JobResource | undefined): unknown => (job?.outputs.o as { digest?: string } | undefined)?.digest

eachDialect('steps of a pipeline', database => {
  let app: TestApp
  let folder = ''
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hagane-flow-'))
    app = await buildTestApp({
      settings: { database: database.dialect === 'sqlite' ? undefined : database.location() },
    })
  })
  afterAll(async () => {
    await app[Symbol.asyncDispose]()
    await rm(folder, { recursive: true, force: true })
  })

  /** A step that notes its run under its name and passes its input on. */
  const step = (name: string, after: string[] = []) => ({
    command: `echo ${name} >> ${folder}/ran; ls ${after.map((_, i) => `\${{inputs.i${i}}}`).join(' ') || '.'}; echo ${name} > \${{outputs.o}}/f`,
    inputs: Object.fromEntries(after.map((one, i) => [`i${i}`, `\${{parent.jobs.${one}.outputs.o}}`])),
    outputs: { o: null },
  })
  const ran = async (): Promise<string[]> => {
    const text = await readFile(join(folder, 'ran'), 'utf8').catch(() => '')
    await rm(join(folder, 'ran'), { force: true })
    return text.split('\n').filter(line => line !== '')
  }

  it('run in the order of their inputs, and are all reused in the transaction that submits them again', async () => {
    const jobs = { a: step('a'), b: step('b', ['a']), c: step('c', ['a']), d: step('d', ['b', 'c']) }
    const first = await runJob(app.client, { type: 'pipeline', jobs })
    expect(first).toMatchObject({ status: 'Completed' })
    const order = await ran()
    expect([order[0], order.slice(1, 3).sort(), order[3], order.length]).toEqual(['a', ['b', 'c'], 'd', 4])

    const again = await app.client.call(jobRoutes.create, { body: { job: { type: 'pipeline', jobs } } })
    expect(again.status).toBe('Completed')
    const [before, after] = [await stepsOf(app.client, first.name), await stepsOf(app.client, again.name)]
    for (const key of Object.keys(jobs)) {
      expect(after[key]?.reuse?.from).toBe(before[key]?.name)
      expect(digestOf(after[key])).toBe(digestOf(before[key]))
    }
    expect(await ran()).toEqual([])
  })

  it('are reused up to the one that changed, and only what depends on it runs', async () => {
    const jobs = { a: step('a'), b: step('b', ['a']), c: step('c', ['a']), e: step('e', ['c']) }
    const changed = { ...jobs, c: { ...jobs.c, command: `${jobs.c.command}; echo more >> \${{outputs.o}}/f` } }
    await runJob(app.client, { type: 'pipeline', jobs })
    await ran()
    const job = await runJob(app.client, { type: 'pipeline', jobs: changed })
    expect(job.status).toBe('Completed')
    expect(await ran()).toEqual(['c', 'e'])
    const steps = await stepsOf(app.client, job.name)
    expect(
      Object.entries(steps)
        .flatMap(([key, one]) => (one.reuse?.from === undefined ? [] : [key]))
        .sort(),
    ).toEqual(['a', 'b'])
  })

  it('go on in further transactions when there are more than one should hold', async () => {
    const many = Object.fromEntries(
      Array.from({ length: 600 }, (_, i) => [
        `s${i}`,
        { command: 'true', environment_variables: { N: 'same' }, outputs: { o: null } },
      ]),
    )
    const one = await runJob(app.client, { type: 'pipeline', jobs: { s: many.s0 } })
    expect(one.status).toBe('Completed')
    const all = await runJob(app.client, { type: 'pipeline', jobs: many })
    expect(all.status).toBe('Completed')
    const first = (await stepsOf(app.client, one.name)).s?.name
    const steps = Object.values(await stepsOf(app.client, all.name))
    expect(steps.map(({ status, reuse }) => [status, reuse?.from])).toEqual(steps.map(() => ['Completed', first]))
    expect(steps.length).toBe(600)
  })

  it('tell each status in an event, also those that went by too quickly to be stored', async () => {
    const { name } = await runJob(app.client, { command: 'true', type: 'command' })
    const { items } = await app.client.call(auditRoutes.list, { query: { subject: `job/${name}` } })
    expect(items.toReversed().map(event => event.type.replace('dev.hagane.job.', ''))).toEqual([
      'submitted',
      'queued',
      'preparing',
      'starting',
      'running',
      'finalizing',
      'completed',
    ])
  })

  it('fail their pipeline, and what was waiting is canceled', async () => {
    const jobs = { a: { command: 'exit 3', outputs: { o: null } }, b: step('b', ['a']) }
    const job = await runJob(app.client, { type: 'pipeline', jobs })
    expect(job).toMatchObject({ status: 'Failed', error: { exit_code: 3 } })
    expect((await stepsOf(app.client, job.name)).b?.status).toBe('Canceled')
    expect(await ran()).toEqual([])
  })

  it('tell why they failed, and by which signal', async () => {
    const causeOf = async (job: Record<string, unknown>) =>
      (await runJob(app.client, { type: 'command', ...job })).error
    expect(await causeOf({ command: 'kill -9 $$' })).toMatchObject({
      cause: 'signal',
      signal: 'SIGKILL',
      exit_code: 137,
    })
    expect(await causeOf({ command: 'echo "[Errno 28] No space left on device"; exit 1' })).toMatchObject({
      cause: 'out_of_disk',
    })
    expect(await causeOf({ command: 'true', outputs: { o: { type: 'uri_file' } } })).toMatchObject({
      cause: 'no_output',
    })
    expect(await causeOf({ command: 'sleep 60', limits: { timeout: 1 } })).toMatchObject({ cause: 'timeout' })
  })

  it('of nested pipelines are reused as well', async () => {
    const inner = {
      type: 'pipeline',
      inputs: { i: { type: 'uri_folder' } },
      outputs: { o: { type: 'uri_folder' } },
      jobs: {
        x: {
          command: `echo x >> ${folder}/ran; cp -r \${{inputs.i}}/. \${{outputs.o}}/`,
          inputs: { i: '${{parent.inputs.i}}' },
          outputs: { o: '${{parent.outputs.o}}' },
        },
      },
    }
    const job = {
      type: 'pipeline',
      jobs: {
        a: step('a'),
        n: { type: 'pipeline', component: inner, inputs: { i: '${{parent.jobs.a.outputs.o}}' }, outputs: { o: null } },
        z: step('z', ['n']),
      },
    }
    expect((await runJob(app.client, job)).status).toBe('Completed')
    await ran()
    const again = await runJob(app.client, job)
    expect(again.status).toBe('Completed')
    expect(await ran()).toEqual([])
    expect((await stepsOf(app.client, again.name)).z?.reuse?.from).toBeDefined()
  })

  it('are ended when the pipeline is canceled, while they run and before', async () => {
    await appendFile(join(folder, 'ran'), '')
    const jobs = { a: { command: `echo a >> ${folder}/ran; sleep 60`, outputs: { o: null } }, b: step('b', ['a']) }
    const name = await submitJob(app.client, { type: 'pipeline', jobs })
    while (!(await readFile(join(folder, 'ran'), 'utf8')).includes('a')) await new Promise(r => setTimeout(r, 20))
    await app.client.call(jobRoutes.cancel, { params: { name } })
    expect((await endOf(app.client, name)).status).toBe('Canceled')
    const steps = await stepsOf(app.client, name)
    expect([steps.a?.status, steps.b?.status]).toEqual(['Canceled', 'Canceled'])
    await ran()
  })
})
