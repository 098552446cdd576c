import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Client, createClient, environmentRoutes, HaganeError } from '@hagane/contract'
import { eachDialect } from '@hagane/testkit'
import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openFileStore } from '../../kernel/blobs/index.ts'
import { systemClock } from '../../kernel/clock.ts'
import type { Database } from '../../kernel/db/index.ts'
import { migrate } from '../../kernel/db/migrate.ts'
import { eventsAfter, toRecord } from '../../kernel/events/index.ts'
import { buildHttp } from '../../kernel/http/index.ts'
import { buildLog } from '../../kernel/log.ts'
import { buildTasks } from '../../kernel/tasks/index.ts'
import { migrations } from '../../migrations/index.ts'
import { buildEnvironments, type Environments } from './index.ts'
import type { EnvironmentTables } from './tables.ts'

const MISSING = 'hagane-no-such-package-anywhere'

eachDialect('environments', database => {
  let dir = ''
  let environments: Environments
  let http: FastifyInstance
  let client: Client
  let stop = async () => {}
  const db = (): Database => database.db()
  const blobs = () => openFileStore(dir)
  const events = async (type: string) =>
    (await eventsAfter(db(), 0, 1000)).map(toRecord).filter(event => event.type === `dev.hagane.environment.${type}`)

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'hagane-env-test-'))
    const log = buildLog('silent')
    const tasks = buildTasks(db(), log, 'test')
    environments = buildEnvironments({
      requireRegistry: async () => {},
      db: db(),
      blobs: blobs(),
      tasks,
      config: { container_engine: 'none', dataDir: dir },
      log,
    })
    http = buildHttp(environments.routes, {
      db: db(),
      log,
      bodyLimit: 2 ** 20,
      allowedHosts: [],
      authenticate: async () => ({ actor: 'user:test', can: () => true }),
    })
    await http.listen({ host: '127.0.0.1', port: 0 })
    const { port } = http.server.address() as { port: number }
    client = createClient({ url: `http://127.0.0.1:${port}` })
    tasks.start()
    stop = async () => {
      await http.close()
      await tasks.stop()
      await environments.stop()
      await rm(dir, { recursive: true, force: true })
    }
  })
  afterAll(() => stop())

  const create = (body: object) => client.call(environmentRoutes.create, { body: body as never })
  const show = (name: string, version = '@latest') => client.call(environmentRoutes.show, { params: { name, version } })

  it('are kept as they were written, with what was read and dropped', async () => {
    const made = await create({
      name: 'conda-env',
      image: 'any',
      conda_file: { dependencies: ['python=3.10', { pip: ['azureml-mlflow', 'six'] }] },
      tags: { team: 'a' },
    })
    expect(made).toMatchObject({
      id: 'azureml:conda-env:1',
      image: 'any',
      tags: { team: 'a' },
      build_status: { state: 'not_built', deviations: [expect.stringContaining('azureml-mlflow')] },
    })
    expect(made.digest).toBe((await environments.plan('default', 'azureml:conda-env@latest')).definitionDigest)
    expect(await show('conda-env', '1')).toEqual(made)
    expect((await events('created')).at(-1)).toMatchObject({
      subject: 'environment/conda-env:1',
      data: { digest: made.digest, sources: ['image', 'conda_file'] },
    })
    expect((await client.call(environmentRoutes.list, { query: {} })).items.map(item => item.name)).toContain(
      'conda-env',
    )
  })

  it.each([
    [{ name: 'x' }, 'needs image'],
    [{ image: 'x' }, 'needs a name'],
    [{ name: 'x', pip_requirements: '-e .' }, 'editable'],
    [{ name: 'x', conda_file: 'a: [' }, 'not YAML'],
    [{ name: 'x', build: { path: './ctx' } }, 'not uploaded content'],
    [{ name: 'x', build: { path: `hagane://trees/${'a'.repeat(64)}` } }, 'a'.repeat(64)],
    [{ name: 'x', image: 'y', shell: 'z' }, 'shell'],
  ])('that cannot be read are refused and leave nothing: %j', async (body, message) => {
    const failure = await create(body).catch(error => error)
    expect(failure).toBeInstanceOf(HaganeError)
    expect(failure.status).toBeLessThan(500)
    expect(failure.message).toContain(message)
    await expect(show('x')).rejects.toMatchObject({ kind: 'not_found' })
  })

  it('of a Dockerfile are read out of the uploaded folder', async () => {
    const folder = join(dir, 'context', 'ctx')
    await mkdir(folder, { recursive: true })
    await writeFile(
      join(folder, 'Dockerfile'),
      'FROM python:3.9\nCOPY requirements.txt .\nRUN pip install -r requirements.txt\n',
    )
    await writeFile(join(folder, 'requirements.txt'), 'six\n')
    const { digest } = await blobs().putFolder(join(dir, 'context'))
    const build = { path: `hagane://trees/${digest}/ctx` }
    const plan = await environments.plan('default', { build })
    expect(plan.definitionDigest).toBe(
      (await environments.plan('default', { image: 'python:3.9', pip_requirements: 'six' })).definitionDigest,
    )
  })

  it('are found by version, label, curated name, inline content, or as plain Python', async () => {
    await create({ name: 'named', pip_requirements: 'six==1.16.0' })
    const second = await create({ name: 'named', pip_requirements: 'six==1.17.0' })
    const digestOf = async (reference: Parameters<Environments['plan']>[1]) =>
      (await environments.plan('default', reference)).definitionDigest
    expect(await environments.plan('default', 'azureml:named@latest')).toMatchObject({
      id: 'azureml:named:2',
      definitionDigest: second.digest,
    })
    expect(await environments.plan('default', 'named:1')).toMatchObject({ id: 'azureml:named:1' })
    expect(await digestOf('azureml:named:latest')).toBe(second.digest)
    expect(await digestOf({ name: 'named', version: '7', pip_requirements: 'six == 1.17.0' })).toBe(second.digest)
    const curated = await digestOf('azureml://registries/azureml/environments/sklearn-1.5/labels/latest')
    expect(await digestOf('azureml:AzureML-sklearn-1.5@latest')).toBe(curated)
    expect(await digestOf('azureml://registries/azureml/environments/sklearn-1.5/versions/12')).toBe(curated)
    expect(await digestOf(null)).toBe(await digestOf({ image: 'library/python:latest' }))
  })

  it.each([
    ['azureml:absent:1', 'not_found', 'no environment absent:1'],
    ['azureml:named:99', 'not_found', 'named:99'],
    ['azureml://registries/azureml/environments/sklearn-9/labels/latest', 'not_found', 'no curated environment'],
    ['azureml:AzureML-sklearn-9@latest', 'not_found', 'no curated environment'],
    [
      'azureml://registries/other/environments/x/versions/1',
      'not_found',
      "no environment 'x' of that version in registry other",
    ],
    ['./env.yml', 'invalid', 'names no environment'],
    ['https://example.org/env', 'invalid', 'names no environment'],
  ])('that are not there are refused, saying what there is: %s', async (reference, kind, message) => {
    const failure: HaganeError = await environments.plan('default', reference).catch(error => error)
    expect(failure).toMatchObject({ kind, message: expect.stringContaining(message) })
    expect(failure.hint).toBeTruthy()
  })

  it('are locked and built once for equal content, and found again in no time', async () => {
    const lines: string[] = []
    const inline = { pip_requirements: 'six==1.17.0' }
    const options = { onLog: (line: string) => lines.push(line), actor: 'user:builder' }
    const [one, two] = await Promise.all([
      environments.ensureBuilt('default', 'azureml:named:2', options),
      environments.ensureBuilt('default', inline, options),
    ])
    expect(one).toEqual(two)
    expect(lines.join('\n')).toMatch(/resolving 1 requirements[\s\S]*the environment is ready/)
    expect((await environments.plan('default', inline)).lockDigest).toBe(one.lockDigest)
    const asset = await show('named', '2')
    expect(asset.build_status).toMatchObject({
      state: 'succeeded',
      lock_digest: one.lockDigest,
      packages: expect.any(Number),
    })
    const before = lines.length
    expect(await environments.ensureBuilt('default', inline, options)).toEqual(one)
    expect(lines).toHaveLength(before)
    const locked = await events('locked')
    expect(locked.filter(event => event.data.definition_digest === asset.digest)).toHaveLength(1)
    expect((await events('built')).at(-1)).toMatchObject({
      actor: 'user:builder',
      data: { lock_digest: one.lockDigest },
    })
    const lock = await (await client.raw(environmentRoutes.lock, { params: { name: 'named', version: '2' } })).text()
    expect(lock).toContain('six==1.17.0 \\\n    --hash=sha256:')
    const log = await (await client.raw(environmentRoutes.log, { params: { name: 'named', version: '2' } })).text()
    expect(log).toContain('the environment is ready')
  }, 120_000)

  it('tell what changed from one version to another, in the definition and in the lock', async () => {
    await create({ name: 'changing', version: '1', pip_requirements: 'six==1.17.0' })
    await create({ name: 'changing', version: '2', pip_requirements: 'six==1.16.0', description: 'older' })
    const diff = (version: string) =>
      client.call(environmentRoutes.diff, {
        params: { name: 'changing', version: '1' },
        query: { name: 'changing', version },
      })
    const unlocked = await diff('2')
    expect(unlocked).toEqual({
      before: 'changing:1',
      after: 'changing:2',
      definition: [{ property: 'pip_requirements', before: 'six==1.17.0', after: 'six==1.16.0' }],
    })
    for (const version of ['1', '2']) await environments.ensureBuilt('default', `azureml:changing:${version}`, {})
    expect((await diff('@latest')).lock).toMatchObject({
      packages: [{ name: 'six', before: '1.17.0', after: '1.16.0' }],
    })
    expect((await diff('1')).definition).toEqual([])
    await expect(diff('3')).rejects.toMatchObject({ kind: 'not_found' })
  }, 120_000)

  it('are built on request, and a failure is kept with its reason', async () => {
    await create({ name: 'broken', pip_requirements: MISSING })
    const params = { name: 'broken', version: '1' }
    await expect(client.raw(environmentRoutes.lock, { params })).rejects.toMatchObject({ kind: 'not_found' })
    await expect(client.raw(environmentRoutes.log, { params })).rejects.toMatchObject({ kind: 'not_found' })
    expect((await client.call(environmentRoutes.build, { params })).build_status.state).toBe('locking')
    await expect.poll(async () => (await show('broken')).build_status.state, { timeout: 60_000 }).toBe('failed')
    expect((await show('broken')).build_status.error).toContain(`${MISSING} was not found`)
    expect((await events('build-failed')).at(-1)).toMatchObject({
      actor: 'user:test',
      subject: 'environment/broken:1',
      data: { error: expect.stringContaining(MISSING) },
    })
    expect(await (await client.raw(environmentRoutes.log, { params })).text()).toContain(MISSING)
  }, 120_000)

  it('that are built already are ready again whenever a build is asked for', async () => {
    await create({ name: 'again', pip_requirements: 'six==1.16.0' })
    const params = { name: 'again', version: '1' }
    for (let round = 1; round <= 10; round += 1) {
      await client.call(environmentRoutes.build, { params })
      await expect.poll(async () => (await show('again')).build_status.state, { timeout: 60_000 }).toBe('succeeded')
    }
  }, 120_000)

  it('whose build was under way when the server died are not shown as being built', async () => {
    const asset = await create({ name: 'interrupted', pip_requirements: 'six==1.15.0' })
    await db()
      .writes.withTables<EnvironmentTables>()
      .insertInto('environment_builds')
      .values({
        definition_digest: asset.digest ?? '',
        state: 'building',
        lock_digest: null,
        python: null,
        packages: null,
        deviations: '[]',
        error: null,
        started_at: systemClock.now().toISOString(),
        finished_at: null,
      })
      .execute()
    expect((await show('interrupted')).build_status).toEqual({ state: 'not_built' })
  })

  it('whose Python must be exact and is missing are refused at submission', async () => {
    const failure: HaganeError = await environments
      .plan('default', { image: 'python:3.5', pip_requirements: 'six', resolution: 'exact' })
      .catch(error => error)
    expect(failure).toMatchObject({ kind: 'unsupported', hint: expect.stringContaining('found: ') })
  })

  it('end their build when the only one who waits goes away', async () => {
    const gone = new AbortController()
    const waiting = environments.ensureBuilt(
      'default',
      { pip_requirements: 'six==1.14.0' },
      { signal: gone.signal, onLog: () => gone.abort(new Error('canceled')) },
    )
    await expect(waiting).rejects.toThrow('canceled')
  }, 60_000)

  describe('the migration', () => {
    it('goes down and up again', async () => {
      const before = migrations
        .slice(
          0,
          migrations.findIndex(migration => migration.name === '0010-environments'),
        )
        .at(-1)
      await migrate(db(), migrations, before?.name)
      await migrate(db(), migrations)
      expect((await show('named')).build_status).toEqual({ state: 'not_built' })
    })
  })
})
