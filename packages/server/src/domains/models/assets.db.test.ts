import { HaganeError, modelRoutes } from '@hagane/contract'
import { buildTestApp, eachDialect, MlflowApi, type TestApp } from '@hagane/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openFileStore } from '../../kernel/blobs/index.ts'
import { buildLog } from '../../kernel/log.ts'
import { buildTracking } from '../tracking/index.ts'
import { buildModels, type Models } from './index.ts'

eachDialect('models as az ml model sees them', database => {
  let app: TestApp
  let mlflow: MlflowApi
  let models: Models
  let stop: () => Promise<void>
  beforeAll(async () => {
    app = await buildTestApp({ settings: { database: database.location() } })
    mlflow = new MlflowApi(app.url)
    const [db, blobs, log] = [database.db(), openFileStore(app.dir), buildLog('silent')]
    const tracking = buildTracking({ db, blobs, log })
    models = buildModels({
      deployed: async () => [],
      requireRegistry: async () => {},
      db,
      blobs,
      log,
      tracking,
      content: async () => ({ tree: '', path: '' }),
    })
    stop = tracking.stop
  })
  afterAll(async () => {
    await stop()
    await app[Symbol.asyncDispose]()
  })

  const upload = async (files: Record<string, string>): Promise<string> => {
    const blobs = openFileStore(app.dir)
    const entries = Object.entries(files).map(async ([path, text]) => ({
      path,
      ...(await blobs.put(Buffer.from(text))),
    }))
    return `hagane://trees/${(await blobs.putTree(await Promise.all(entries))).digest}`
  }
  const create = (body: Parameters<typeof app.client.call<typeof modelRoutes.create>>[1]['body']) =>
    app.client.call(modelRoutes.create, { body })
  const show = (name: string, version: string) => app.client.call(modelRoutes.show, { params: { name, version } })

  it('are versions of the same registry that MLflow clients read', async () => {
    const path = await upload({ MLmodel: 'flavors: {}', 'data/model.pkl': 'p' })
    const made = await create({
      name: 'flights',
      type: 'mlflow_model',
      path,
      description: 'd',
      tags: { a: 'b' },
      properties: { p: '1' },
      stage: 'production',
    })
    expect(made).toMatchObject({
      id: 'azureml:flights:1',
      version: '1',
      type: 'mlflow_model',
      labels: ['latest'],
      archived: false,
      digest: path.split('/').at(-1),
      tags: { a: 'b' },
      properties: { p: '1' },
      stage: 'Production',
      file_count: 2,
      size: 12,
    })
    expect(await mlflow.get('registered-models/get', { name: 'flights' })).toMatchObject({
      registered_model: {
        latest_versions: [{ version: '1', current_stage: 'Production', tags: [{ key: 'a', value: 'b' }] }],
      },
    })
    expect(await mlflow.get('model-versions/get-download-uri', { name: 'flights', version: '1' })).toEqual({
      artifact_uri: 'mlflow-artifacts:/models/flights/1',
    })
    expect((await mlflow.fetch('models/flights/1/data/model.pkl')).bytes.toString()).toBe('p')
  })

  it('share labels with aliases; latest is the most recently created', async () => {
    const path = await upload({ w: '1' })
    await create({ name: 'labelled', path, version: '2024-01-01' })
    await create({ name: 'labelled', path, version: '7' })
    expect((await create({ name: 'labelled', path })).version).toBe('8')
    await app.client.call(modelRoutes.label, {
      params: { name: 'labelled', label: 'champion' },
      body: { version: '7' },
    })
    expect(await show('labelled', '@champion')).toMatchObject({ version: '7', labels: ['champion'] })
    expect(await show('labelled', '@latest')).toMatchObject({ version: '8' })
    expect(await mlflow.get('registered-models/alias', { name: 'labelled', alias: 'champion' })).toMatchObject({
      model_version: { version: '7' },
    })
    await app.client.call(modelRoutes.archive, { params: { name: 'labelled', version: '8' } })
    expect(await show('labelled', '@latest')).toMatchObject({ version: '7', labels: ['latest', 'champion'] })
    const listed = await app.client.call(modelRoutes.versions, { params: { name: 'labelled' } })
    expect(listed.items.map(model => model.version)).toEqual(['7', '2024-01-01'])
    const all = await app.client.call(modelRoutes.versions, {
      params: { name: 'labelled' },
      query: { include_archived: 'true', limit: 2 },
    })
    expect(all.items.map(model => model.version)).toEqual(['8', '7'])
    const rest = await app.client.call(modelRoutes.versions, {
      params: { name: 'labelled' },
      query: { include_archived: 'true', cursor: all.next_cursor },
    })
    expect(rest.items.map(model => model.version)).toEqual(['2024-01-01'])
    expect(
      (await app.client.call(modelRoutes.list)).items
        .filter(model => model.name === 'labelled')
        .map(model => model.version),
    ).toEqual(['7'])
    await expect(
      app.client.call(modelRoutes.label, { params: { name: 'labelled', label: 'latest' }, body: { version: '7' } }),
    ).rejects.toThrow('reserved')
    await expect(create({ name: 'labelled', path, version: '7' })).rejects.toMatchObject({ kind: 'conflict' })
    await expect(show('labelled', '99')).rejects.toMatchObject({ kind: 'not_found' })
  })

  it('change description, tags and properties only, under If-Match', async () => {
    const { etag } = await create({ name: 'edited', path: await upload({ w: '1' }), tags: { old: '1' } })
    const edit = { params: { name: 'edited', version: '1' }, body: { tags: { neu: '2' }, description: 'x' } }
    expect(await app.client.call(modelRoutes.update, { ...edit, headers: { 'if-match': `"${etag}"` } })).toMatchObject({
      tags: { neu: '2' },
      description: 'x',
    })
    await expect(
      app.client.call(modelRoutes.update, { ...edit, headers: { 'if-match': `"${etag}"` } }),
    ).rejects.toMatchObject({ kind: 'precondition_failed' })
  })

  it('must be what their type says', async () => {
    const path = await upload({ w: '1' })
    await expect(create({ name: 'wrong', type: 'mlflow_model', path })).rejects.toThrow(
      'there is no file named MLmodel',
    )
    await expect(create({ name: 'wrong', type: 'triton_model', path: `${path}/w` })).rejects.toThrow(
      'the path is a file',
    )
    await expect(create({ name: 'wrong', path: `${path}/none` })).rejects.toBeInstanceOf(HaganeError)
    await expect(show('wrong', '@latest')).rejects.toMatchObject({ kind: 'not_found' })
  })

  it('come from runs with the run on record', async () => {
    const run = await mlflow.run()
    await mlflow.put(`0/${run}/artifacts/m/MLmodel`, 'x')
    expect(await create({ name: 'from-run', type: 'mlflow_model', path: `runs:/${run}/m` })).toMatchObject({
      run_id: run,
      path: `runs:/${run}/m`,
      file_count: 1,
    })
  })

  describe('are resolved for jobs and endpoints', () => {
    const resolve = (reference: string) => models.resolve('default', reference)
    let tree: string
    beforeAll(async () => {
      const path = await upload({ 'w/1.bin': 'one', 'w/2.bin': 'two' })
      tree = path.split('/').at(-1) ?? ''
      await create({ name: 'served', path })
      await create({ name: 'served', path: `${path}/w/1.bin`, stage: 'Staging' })
      await app.client.call(modelRoutes.label, { params: { name: 'served', label: 'blue' }, body: { version: '1' } })
    })

    it.each([
      'azureml:served:1',
      'served:1',
      'azureml:served@blue',
      'served@blue',
      'models:/served/1',
      'models:/served@blue',
    ])('as %s', async reference => {
      expect(await resolve(reference)).toMatchObject({
        id: 'azureml:served:1',
        name: 'served',
        version: '1',
        type: 'custom_model',
        tree,
        path: '',
      })
    })

    it.each([
      'azureml:served',
      'served@latest',
      'models:/served@latest',
      'models:/served/latest',
      'models:/served/Staging',
      'models:/served/2',
    ])('as %s, the newest, which is one file', async reference => {
      expect(await resolve(reference)).toMatchObject({ version: '2', path: '1.bin' })
    })

    it('as a logged model that nobody registered', async () => {
      const model = (await mlflow.post('logged-models', { experiment_id: '0', name: 'raw' })).model as {
        info: { model_id: string }
      }
      const id = model.info.model_id
      await mlflow.put(`0/models/${id}/artifacts/MLmodel`, 'x')
      expect(await resolve(`models:/${id}`)).toMatchObject({ id: `models:/${id}`, name: 'raw', type: 'mlflow_model' })
    })

    it('or refused with what there is', async () => {
      await expect(resolve('azureml:served:9')).rejects.toMatchObject({
        kind: 'not_found',
        hint: expect.stringContaining('newest version of served is 2'),
      })
      await expect(resolve('azureml:nobody:1')).rejects.toMatchObject({ kind: 'not_found' })
      await expect(resolve('https://x/y')).rejects.toMatchObject({ kind: 'invalid' })
      await mlflow.post('registered-models/create', { name: 'far' })
      await mlflow.post('model-versions/create', { name: 'far', source: 's3://bucket/x' })
      await expect(resolve('models:/far/1')).rejects.toThrow('its source is s3://bucket/x')
    })
  })

  it('are registered by a job in its own transaction', async () => {
    const blobs = openFileStore(app.dir)
    const { digest } = await blobs.putTree([{ path: 'model/MLmodel', ...(await blobs.put(Buffer.from('m'))) }])
    const registered = await database.db().withTransaction({ workspace: 'default', actor: 'job:brave_fox' }, tx =>
      models.register(tx, {
        name: 'trained',
        type: 'mlflow_model',
        tree: digest,
        path: 'model',
        source: 'azureml://jobs/brave_fox/outputs/model_output',
        jobName: 'brave_fox',
        runId: 'brave_fox',
      }),
    )
    expect(registered).toEqual({ name: 'trained', version: '1' })
    expect((await models.resolve('default', 'trained:1')).source).toBe('azureml://jobs/brave_fox/outputs/model_output')
    expect(await show('trained', '1')).toMatchObject({
      job_name: 'brave_fox',
      run_id: 'brave_fox',
      type: 'mlflow_model',
      creation_context: { created_by: 'job:brave_fox' },
    })
  })
})
