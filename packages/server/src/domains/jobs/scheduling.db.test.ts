import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { type Client, computeRoutes, createClient, jobRoutes } from '@hagane/contract'
import { buildTestApp, eachDialect, endOf, submitJob, type TestApp } from '@hagane/testkit'
import { afterAll, beforeAll, expect, it } from 'vitest'

eachDialect('the queue of steps', database => {
  let app: TestApp
  let folder = ''
  let ann: Client
  let ben: Client
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hagane-queue-'))
    app = await buildTestApp({
      settings: { local_concurrency: 1, database: database.dialect === 'sqlite' ? undefined : database.location() },
    })
    ann = createClient({ url: app.url, actor: 'ann' })
    ben = createClient({ url: app.url, actor: 'ben' })
  })
  afterAll(async () => {
    await app[Symbol.asyncDispose]()
    await rm(folder, { recursive: true, force: true })
  })

  const ran = async (): Promise<string[]> => (await readFile(join(folder, 'ran'), 'utf8')).trim().split('\n')
  const noted = (name: string, more: object = {}) => ({
    type: 'command',
    command: `echo ${name} >> ${folder}/ran`,
    ...more,
  })
  /** Holds the only place until it is let go, so that what is submitted meanwhile waits together. */
  async function blocked(during: () => Promise<void>): Promise<void> {
    await rm(join(folder, 'go'), { force: true })
    const name = await submitJob(ann, {
      type: 'command',
      command: `touch ${folder}/held; while [ ! -e ${folder}/go ]; do sleep 0.02; done`,
    })
    while (!existsSync(join(folder, 'held'))) await pause(20)
    await during()
    await writeFile(join(folder, 'go'), '')
    expect((await endOf(ann, name)).status).toBe('Completed')
    await rm(join(folder, 'held'))
  }

  it('serves priorities in order, takes turns between users, and tells each why it waits', async () => {
    const names: string[] = []
    await blocked(async () => {
      for (const [client, name, priority] of [
        [ann, 'a1', undefined],
        [ann, 'a2', undefined],
        [ann, 'a3', undefined],
        [ben, 'b1', undefined],
        [ben, 'b2', undefined],
        [ann, 'low', 'low'],
        [ben, 'high', 'high'],
      ] as const)
        names.push(await submitJob(client, noted(name, priority === undefined ? {} : { queue_settings: { priority } })))
      const third = await ann.call(jobRoutes.show, { params: { name: names[2] ?? '' } })
      expect(third).toMatchObject({
        status: 'Queued',
        queue: { ahead: 2, reason: '2 of the same user and priority are before it' },
      })
      const { items } = await ann.call(jobRoutes.list, { query: { status: 'Queued' } })
      expect(items.map(job => [job.name, job.queue?.ahead])).toEqual(
        names.toReversed().map((name, i) => [name, [0, 0, 1, 0, 2, 1, 0][i]]),
      )
      expect(items.filter(job => 'spec' in job)).toEqual([])
      const [newest] = (await ann.call(jobRoutes.list, { query: { status: 'Queued', include_spec: 'true' } })).items
      expect(newest?.spec).toMatchObject({ type: 'command', command: expect.stringContaining('high') })
    })
    for (const name of names) expect((await endOf(ann, name)).status).toBe('Completed')
    const order = await ran()
    expect([order[0], order.at(-1)]).toEqual(['high', 'low'])
    const middle = order.slice(1, -1)
    expect(middle.filter(name => name.startsWith('a'))).toEqual(['a1', 'a2', 'a3'])
    expect(middle.filter(name => name.startsWith('b'))).toEqual(['b1', 'b2'])
    // ben was served last (high), so ann is next, and then they take turns
    expect(middle.map(name => name[0]).join('')).toBe('ababa')
    await rm(join(folder, 'ran'))
  })

  it('cancels what waits without running it', async () => {
    let name = ''
    await blocked(async () => {
      name = await submitJob(ann, noted('never'))
      await ann.call(jobRoutes.cancel, { params: { name } })
    })
    expect((await endOf(ann, name)).status).toBe('Canceled')
    expect(existsSync(join(folder, 'ran'))).toBe(false)
  })

  it('refuses resources, priorities and limits that say nothing, and names the property', async () => {
    for (const [more, says] of [
      [{ resources: { memory: '4' } }, 'resources.memory'],
      [{ resources: { cpu: 'many' } }, 'resources.cpu'],
      [{ queue_settings: { priority: 'urgent' } }, 'low, medium, high'],
    ] as const)
      await expect(submitJob(ann, noted('x', more))).rejects.toMatchObject({
        kind: 'invalid',
        message: expect.stringContaining(says),
      })
    await expect(
      ann.call(computeRoutes.create, { body: { name: 'c', type: 'amlcompute', max_concurrent_jobs: 0 } }),
    ).rejects.toMatchObject({ kind: 'invalid' })
  })
})

eachDialect('limits of a compute', database => {
  it('hold back its own steps only, and are shown as the reason', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'hagane-limits-'))
    await using app = await buildTestApp({
      settings: { local_concurrency: 8, database: database.dialect === 'sqlite' ? undefined : database.location() },
    })
    await app.client.call(computeRoutes.create, { body: { name: 'small', type: 'amlcompute', max_concurrent_jobs: 1 } })
    expect(await app.client.call(computeRoutes.show, { params: { name: 'small' } })).toMatchObject({
      max_concurrent_jobs: 1,
    })
    const waits = `while [ ! -e ${folder}/go ]; do sleep 0.02; done`
    const one = await submitJob(app.client, {
      type: 'command',
      compute: 'azureml:small',
      command: `touch ${folder}/one; ${waits}`,
    })
    while (!existsSync(join(folder, 'one'))) await pause(20)
    const two = await submitJob(app.client, { type: 'command', compute: 'small', command: 'true' })
    const other = await submitJob(app.client, { type: 'command', command: 'true' })
    expect((await endOf(app.client, other)).status).toBe('Completed')
    expect(await app.client.call(jobRoutes.show, { params: { name: two } })).toMatchObject({
      status: 'Queued',
      queue: { ahead: 0, reason: 'compute small runs 1 of 1 steps (max_concurrent_jobs)' },
    })
    await writeFile(join(folder, 'go'), '')
    for (const name of [one, two]) expect((await endOf(app.client, name)).status).toBe('Completed')
    await rm(folder, { recursive: true, force: true })
  })
})
