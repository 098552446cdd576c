import { buildTestApp, eachDialect, MlflowApi, type TestApp } from '@hagane/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventsAfter } from '../../kernel/events/index.ts'

eachDialect('the model registry as MLflow clients see it', database => {
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

  describe('registered models', () => {
    it('are created, described, tagged, renamed with their versions and deleted', async () => {
      expect(
        await register('m1', {
          description: 'd',
          tags: [
            { key: 'a', value: '1' },
            { key: 'a', value: '2' },
          ],
        }),
      ).toMatchObject({
        registered_model: { name: 'm1', description: 'd', tags: [{ key: 'a', value: '2' }] },
      })
      await version('m1')
      await mlflow.post('registered-models/alias', { name: 'm1', alias: 'champion', version: '1' })
      await mlflow.ok('PATCH', 'registered-models/update', { name: 'm1', description: 'e' })
      await mlflow.post('registered-models/set-tag', { name: 'm1', key: 'b', value: 'x' })
      await mlflow.post('registered-models/rename', { name: 'm1', new_name: 'm1 new' })
      expect(await mlflow.get('registered-models/get', { name: 'm1 new' })).toMatchObject({
        registered_model: {
          description: 'e',
          tags: [
            { key: 'a', value: '2' },
            { key: 'b', value: 'x' },
          ],
          aliases: [{ alias: 'champion', version: '1' }],
          latest_versions: [{ name: 'm1 new', version: '1', current_stage: 'None', aliases: ['champion'] }],
        },
      })
      for (const _ of [1, 2]) await mlflow.ok('DELETE', 'registered-models/delete-tag', { name: 'm1 new', key: 'b' })
      await mlflow.ok('DELETE', 'registered-models/delete', { name: 'm1 new' })
      expect(await mlflow.refused('GET', 'registered-models/get', { name: 'm1 new' })).toMatchObject({
        status: 404,
        message: 'Registered Model with name=m1 new not found',
      })
      expect(await mlflow.refused('GET', 'model-versions/get', { name: 'm1 new', version: '1' })).toMatchObject({
        status: 404,
      })
      expect((await eventsOf('model/m1')).map(event => event.type)).toEqual([
        'model.registered',
        'model.updated',
        'model.updated',
      ])
      expect((await eventsOf('model/m1 new')).map(event => event.type)).toEqual([
        'model.renamed',
        'model.updated',
        'model.updated',
        'model.deleted',
      ])
    })

    it.each([
      ['a/b', "Invalid model name 'a/b'. Names cannot contain '/' or ':'."],
      ['a:b', "Invalid model name 'a:b'."],
      [' ', "Missing value for required parameter 'name'."],
      ['', "Missing value for required parameter 'name'."],
      ['..', 'This name would resolve to'],
    ])('may not be called %j', async (name, message) => {
      expect(await mlflow.refused('POST', 'registered-models/create', { name })).toMatchObject({
        status: 400,
        message: expect.stringContaining(message),
      })
    })

    it('exist once, and never as a prompt and a model', async () => {
      await register('taken')
      const prompt = { tags: [{ key: 'mlflow.prompt.is_prompt', value: 'true' }] }
      expect(await mlflow.refused('POST', 'registered-models/create', { name: 'taken' })).toMatchObject({
        status: 400,
        code: 'RESOURCE_ALREADY_EXISTS',
        message: 'Registered Model (name=taken) already exists.',
      })
      expect(await mlflow.refused('POST', 'registered-models/create', { name: 'taken', ...prompt })).toMatchObject({
        status: 400,
        message: expect.stringContaining('MLflow does not allow creating a model and a prompt with the same name.'),
      })
      await register('ask', prompt)
      expect(await mlflow.refused('POST', 'registered-models/create', { name: 'ask', ...prompt })).toMatchObject({
        message: 'Prompt (name=ask) already exists.',
      })
    })

    it('are searched without prompts, and prompts alone', async () => {
      const tag = (value: string) => [{ key: 'mlflow.prompt.is_prompt', value }]
      for (const name of ['q-a', 'q-B', 'q-c']) await register(name, { tags: [{ key: 'my tag', value: name }] })
      await register('q-prompt', { tags: tag('true') })
      const names = async (input: object) =>
        (
          ((await mlflow.get('registered-models/search', { ...input })).registered_models ?? []) as { name: string }[]
        ).map(model => model.name)
      expect(await names({ filter: "name LIKE 'q-%'" })).toEqual(['q-B', 'q-a', 'q-c'])
      expect(await names({ filter: "name LIKE 'q-%'", order_by: ['name DESC'] })).toEqual(['q-c', 'q-a', 'q-B'])
      expect(await names({ filter: "tags.`my tag` = 'q-a'" })).toEqual(['q-a'])
      expect(await names({ filter: "name ILIKE 'Q-%' AND tags.`mlflow.prompt.is_prompt` = 'true'" })).toEqual([
        'q-prompt',
      ])
      expect(await names({ filter: "name ILIKE 'Q-%' AND tags.`mlflow.prompt.is_prompt` != 'true'" })).toHaveLength(3)
      expect(
        await mlflow.post('registered-models/search', { max_results: '2', filter: "name LIKE 'q-%'" }),
      ).toMatchObject({ registered_models: [{}, {}], next_page_token: expect.any(String) })
      expect(await mlflow.refused('GET', 'registered-models/search', { max_results: 1001 })).toMatchObject({
        status: 400,
      })
      expect(await mlflow.refused('GET', 'registered-models/search', { filter: "run_id = 'x'" })).toMatchObject({
        status: 400,
      })
    })
  })

  describe('versions', () => {
    it('count up and never use a number again', async () => {
      await register('counted')
      expect([(await version('counted')).version, (await version('counted')).version]).toEqual(['1', '2'])
      await mlflow.ok('DELETE', 'model-versions/delete', { name: 'counted', version: '2' })
      const both = await Promise.all([version('counted'), version('counted')])
      expect(both.map(one => one.version).sort()).toEqual(['3', '4'])
      expect(await mlflow.refused('GET', 'model-versions/get', { name: 'counted', version: '2' })).toMatchObject({
        status: 404,
        message: 'Model Version (name=counted, version=2) not found',
      })
      expect(await mlflow.refused('GET', 'model-versions/get', { name: 'counted', version: 'x' })).toMatchObject({
        status: 400,
        message: "Parameter 'version' must be an integer, got 'x'.",
      })
      expect(await mlflow.refused('POST', 'model-versions/create', { name: 'nobody', source: 's3://a' })).toMatchObject(
        { status: 404, message: 'Registered Model with name=nobody not found' },
      )
    })

    it('answer as MLflow does, description and tags changed in place', async () => {
      await register('plain')
      expect(await version('plain', { run_id: 'r1', run_link: 'l', tags: [{ key: 'a', value: '' }] })).toMatchObject({
        name: 'plain',
        version: '1',
        current_stage: 'None',
        description: '',
        source: 's3://bucket/model',
        run_id: 'r1',
        run_link: 'l',
        status: 'READY',
        tags: [{ key: 'a', value: '' }],
      })
      await mlflow.ok('PATCH', 'model-versions/update', { name: 'plain', version: '1', description: 'text' })
      await mlflow.post('model-versions/set-tag', { name: 'plain', version: '1', key: 'b', value: 'x'.repeat(100_000) })
      expect(
        await mlflow.refused('POST', 'model-versions/set-tag', {
          name: 'plain',
          version: '1',
          key: 'b',
          value: 'x'.repeat(100_001),
        }),
      ).toMatchObject({ status: 400 })
      await mlflow.ok('DELETE', 'model-versions/delete-tag', { name: 'plain', version: '1', key: 'a' })
      expect(await mlflow.get('model-versions/get', { name: 'plain', version: '1' })).toMatchObject({
        model_version: { description: 'text', tags: [{ key: 'b' }] },
      })
      expect(await mlflow.get('model-versions/get-download-uri', { name: 'plain', version: '1' })).toEqual({
        artifact_uri: 's3://bucket/model',
      })
    })

    it('are searched by run, number, source and tag', async () => {
      await register('found')
      for (const i of [1, 2, 3])
        await version('found', {
          run_id: `run-${i}`,
          source: `s3://bucket/${i}`,
          tags: [{ key: 'odd', value: String(i % 2) }],
        })
      const versions = async (filter: string, more: object = {}) =>
        (
          ((await mlflow.get('model-versions/search', { filter: `name = 'found' AND ${filter}`, ...more }))
            .model_versions ?? []) as { version: string }[]
        ).map(one => one.version)
      expect(await versions("run_id IN ('run-1', 'run-3')", { order_by: ['version_number ASC'] })).toEqual(['1', '3'])
      expect(await versions('version_number > 1', { order_by: ['version_number DESC'] })).toEqual(['3', '2'])
      expect(await versions("source_path LIKE '%/2'")).toEqual(['2'])
      expect(await versions("tags.odd = '1'", { order_by: ['version_number'] })).toEqual(['1', '3'])
      expect(await versions('tags.odd IS NULL')).toEqual([])
      const page = await mlflow.get('model-versions/search', { filter: "name = 'found'", max_results: 2 })
      expect(
        await versions('version_number > 0', { max_results: 2, page_token: String(page.next_page_token) }),
      ).toHaveLength(1)
    })

    it('move through stages, taking the place of others if wanted', async () => {
      await register('staged')
      for (const _ of [1, 2, 3]) await version('staged')
      const move = (number: number, stage: string, archive = false) =>
        mlflow.call('POST', 'model-versions/transition-stage', {
          name: 'staged',
          version: String(number),
          stage,
          archive_existing_versions: archive,
        })
      await move(1, 'production')
      expect((await move(2, 'Production', true)).body).toMatchObject({
        model_version: { version: '2', current_stage: 'Production' },
      })
      const latest = await mlflow.post('registered-models/get-latest-versions', { name: 'staged' })
      expect(latest.model_versions).toMatchObject([
        { version: '3', current_stage: 'None' },
        { version: '2', current_stage: 'Production' },
        { version: '1', current_stage: 'Archived' },
      ])
      expect(
        await mlflow.get('registered-models/get-latest-versions', { name: 'staged', stages: ['Production'] }),
      ).toMatchObject({ model_versions: [{ version: '2' }] })
      expect(await move(3, 'prod')).toMatchObject({
        status: 400,
        body: {
          message: 'Invalid Model Version stage: prod. Value must be one of None, Staging, Production, Archived.',
        },
      })
      expect(await move(3, 'None', true)).toMatchObject({
        status: 400,
        body: { message: expect.stringContaining("'None' is not an Active stage") },
      })
      expect((await eventsOf('model/staged:2')).at(-1)).toEqual({
        type: 'model.stage-changed',
        data: { name: 'staged', version: '2', from: 'None', to: 'Production', archived: ['1'] },
      })
    })

    it('refuse sources on a machine and relative ones', async () => {
      await register('safe')
      expect(await mlflow.refused('POST', 'model-versions/create', { name: 'safe', source: '/etc' })).toMatchObject({
        status: 400,
        message: expect.stringContaining('To use a local path as a model version source'),
      })
      expect(
        await mlflow.refused('POST', 'model-versions/create', { name: 'safe', source: 'mlflow-artifacts:/a/..%2fb' }),
      ).toMatchObject({ status: 400, message: expect.stringContaining('If supplying a source as an http, https,') })
      expect(
        await mlflow.refused('POST', 'model-versions/create', { name: 'safe', source: 'models:/none/9' }),
      ).toMatchObject({ status: 404, message: expect.stringContaining("'models:/none/9'") })
      expect(
        await mlflow.refused('POST', 'model-versions/create', { name: 'safe', source: 'models:/m-none' }),
      ).toMatchObject({ status: 404 })
    })
  })
})
