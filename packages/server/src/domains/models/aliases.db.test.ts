import { at, buildTestApp, eachDialect, MlflowApi, type TestApp } from '@hagane/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventsAfter } from '../../kernel/events/index.ts'

eachDialect('aliases, snapshots and prompts as MLflow clients see them', database => {
  let app: TestApp
  let mlflow: MlflowApi
  beforeAll(async () => {
    app = await buildTestApp({ settings: { database: database.location() } })
    mlflow = new MlflowApi(app.url)
  })
  afterAll(() => app[Symbol.asyncDispose]())

  const eventsOf = async (subject: string) =>
    (await eventsAfter(database.db(), 0, 10_000, { subject })).map(row => ({
      type: row.type.replace('dev.hagane.', ''),
      data: JSON.parse(row.data) as Record<string, unknown>,
    }))
  const register = (name: string, more: object = {}) => mlflow.post('registered-models/create', { name, ...more })
  const version = async (name: string, more: object = {}) =>
    (await mlflow.post('model-versions/create', { name, source: 's3://bucket/model', ...more }))
      .model_version as Record<string, unknown>

  describe('aliases', () => {
    it('point at one version, and go with it', async () => {
      await register('aliased')
      for (const _ of [1, 2]) await version('aliased')
      const set = (alias: string, number: string) =>
        mlflow.call('POST', 'registered-models/alias', { name: 'aliased', alias, version: number })
      await set('champion', '1')
      await set('champion', '2')
      expect(await mlflow.get('registered-models/alias', { name: 'aliased', alias: 'champion' })).toMatchObject({
        model_version: { version: '2', aliases: ['champion'] },
      })
      await mlflow.ok('DELETE', 'model-versions/delete', { name: 'aliased', version: '2' })
      expect(
        await mlflow.refused('GET', 'registered-models/alias', { name: 'aliased', alias: 'champion' }),
      ).toMatchObject({
        status: 400,
        code: 'INVALID_PARAMETER_VALUE',
        message: 'Registered model alias champion not found.',
      })
      expect(await mlflow.get('registered-models/alias', { name: 'aliased', alias: 'latest' })).toMatchObject({
        model_version: { version: '1' },
      })
      for (const _ of [1, 2]) await mlflow.ok('DELETE', 'registered-models/alias', { name: 'aliased', alias: 'none' })
      expect(await set('Latest', '1')).toMatchObject({
        status: 400,
        body: { message: "'latest' alias name (case insensitive) is reserved." },
      })
      expect(await set('v1', '1')).toMatchObject({
        status: 400,
        body: { message: "Version alias name 'v1' is reserved." },
      })
      expect(await set('a b', '1')).toMatchObject({
        status: 400,
        body: { message: expect.stringContaining("Invalid alias name: 'a b'.") },
      })
      expect(await set('ok', '9')).toMatchObject({ status: 404 })
      expect(
        (await eventsOf('model/aliased:2')).filter(event => event.type === 'model.alias-set').map(event => event.data),
      ).toEqual([{ name: 'aliased', version: '2', alias: 'champion', previous_version: '1' }])
    })
  })

  describe('snapshots', () => {
    const read = async (uri: unknown, path: string) =>
      (await mlflow.fetch(`${String(uri).replace('mlflow-artifacts:/', '')}/${path}`)).bytes.toString()
    const downloadUri = async (name: string, number = '1') =>
      (await mlflow.get('model-versions/get-download-uri', { name, version: number })).artifact_uri

    it('keep the files of a run as they were when the version was made', async () => {
      await register('frozen')
      const run = await mlflow.run()
      await mlflow.put(`0/${run}/artifacts/model/MLmodel`, 'v1')
      await mlflow.put(`0/${run}/artifacts/model/data/w.bin`, 'w')
      await version('frozen', { source: `runs:/${run}/model`, run_id: run })
      await mlflow.put(`0/${run}/artifacts/model/MLmodel`, 'v2')
      const uri = await downloadUri('frozen')
      expect(uri).toBe('mlflow-artifacts:/models/frozen/1')
      expect([await read(uri, 'MLmodel'), await read(uri, 'data/w.bin')]).toEqual(['v1', 'w'])
      const listed = await mlflow.request('GET', '/api/2.0/mlflow-artifacts/artifacts?path=models/frozen/1')
      expect(listed.body).toEqual({
        files: [
          { path: 'MLmodel', is_dir: false, file_size: 2 },
          { path: 'data', is_dir: true },
        ],
      })
      expect(await mlflow.put('models/frozen/1/MLmodel', 'v3')).toMatchObject({
        status: 403,
        body: { error_code: 'PERMISSION_DENIED' },
      })
      expect(await mlflow.request('DELETE', '/api/2.0/mlflow-artifacts/artifacts/models/frozen/1')).toMatchObject({
        status: 403,
      })
      const ui = await mlflow.request('GET', '//model-versions/get-artifact?name=frozen&version=1&path=data/w.bin')
      expect(ui.bytes.toString()).toBe('w')
      expect(await mlflow.request('GET', '/model-versions/get-artifact?name=frozen&version=1&path=../x')).toMatchObject(
        { status: 400, body: { message: 'Invalid path' } },
      )
    })

    it('of a logged model name its run, and are noted on it', async () => {
      await register('from logged')
      const run = await mlflow.run()
      const model = await mlflow.post('logged-models', { experiment_id: '0', source_run_id: run })
      const id = String(at(model, 'model.info.model_id'))
      await mlflow.put(`0/models/${id}/artifacts/MLmodel`, 'flavors')
      await mlflow.ok('PATCH', `logged-models/${id}`, { status: 'LOGGED_MODEL_READY' })
      expect(await version('from logged', { source: `models:/${id}`, model_id: id })).toMatchObject({
        run_id: run,
        model_id: id,
        source: `models:/${id}`,
      })
      expect(await mlflow.get(`logged-models/${id}`)).toMatchObject({
        model: { info: { tags: [{ key: 'mlflow.modelVersions', value: '[{"name": "from logged", "version": 1}]' }] } },
      })
      expect(await read(await downloadUri('from logged'), 'MLmodel')).toBe('flavors')
      const created = (await eventsOf('model/from logged:1')).find(event => event.type === 'model.version-created')
      expect(created?.data).toMatchObject({
        type: 'mlflow_model',
        tree: expect.stringMatching(/^[0-9a-f]{64}$/),
        run_id: run,
        model_id: id,
      })
    })

    it('are taken later when the files come later', async () => {
      await register('late')
      const run = await mlflow.run()
      const source = `mlflow-artifacts:/0/${run}/artifacts/model`
      await version('late', { source, run_id: run })
      expect(await downloadUri('late')).toBe(source)
      await mlflow.put(`0/${run}/artifacts/model/w.txt`, 'here')
      const uri = await downloadUri('late')
      expect([uri, await read(uri, 'w.txt')]).toEqual(['mlflow-artifacts:/models/late/1', 'here'])
    })

    it('are shared by a copy, which starts without stage and alias', async () => {
      await register('origin')
      await register('copy')
      const run = await mlflow.run()
      await mlflow.put(`0/${run}/artifacts/m/MLmodel`, 'x')
      await version('origin', { source: `runs:/${run}/m`, run_id: run })
      await mlflow.post('registered-models/alias', { name: 'origin', alias: 'a', version: '1' })
      for (const source of ['models:/origin/1', 'models:/origin@a']) {
        const copied = await version('copy', { source })
        expect(copied).toMatchObject({ source, run_id: run, current_stage: 'None' })
        expect(copied.aliases).toBeUndefined()
      }
      expect(await read(await downloadUri('copy', '2'), 'MLmodel')).toBe('x')
    })

    it('of names with special characters are found by their URI', async () => {
      const name = 'ä b#c%d?'
      await register(name)
      const run = await mlflow.run()
      await mlflow.put(`0/${run}/artifacts/m/f`, 'special')
      await version(name, { source: `runs:/${run}/m` })
      const uri = String(await downloadUri(name))
      expect(uri).toBe('mlflow-artifacts:/models/ä b%23c%25d%3F/1')
      const path = uri.replace('mlflow-artifacts:/', '')
      // Python's client cuts the URI as text: its path goes into an address, its folder into a query
      expect((await mlflow.request('GET', `/api/2.0/mlflow-artifacts/artifacts/${path}/f`)).bytes.toString()).toBe(
        'special',
      )
      expect(
        (await mlflow.request('GET', `/api/2.0/mlflow-artifacts/artifacts?path=${encodeURIComponent(path)}`)).body,
      ).toEqual({ files: [{ path: 'f', is_dir: false, file_size: 7 }] })
    })
  })

  describe('prompts', () => {
    it('are versions with text in tags and a placeholder as source', async () => {
      const tags = (text: string) => [
        { key: 'mlflow.prompt.is_prompt', value: 'true' },
        { key: 'mlflow.prompt.text', value: text },
      ]
      await register('greet', { tags: tags('') })
      expect(await version('greet', { source: 'dummy-source', tags: tags('Hi {{name}}') })).toMatchObject({
        version: '1',
        source: 'dummy-source',
      })
      expect(
        await mlflow.refused('POST', 'model-versions/create', { name: 'greet', source: 's3://x', tags: tags('x') }),
      ).toMatchObject({
        status: 400,
        message: expect.stringContaining('Prompt sources must use an MLflow placeholder'),
      })
      expect(await mlflow.get('model-versions/search', { filter: "name = 'greet'" })).toEqual({})
      expect(
        await mlflow.get('model-versions/search', {
          filter: "name = 'greet' AND tags.`mlflow.prompt.is_prompt` = 'true'",
        }),
      ).toMatchObject({ model_versions: [{ version: '1' }] })
    })
  })
})
