import { workspaceRoutes } from '@hagane/contract'
import { at, buildTestApp, eachDialect, MlflowApi, type TestApp } from '@hagane/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventsAfter } from '../../kernel/events/index.ts'

eachDialect('experiments and the wire as MLflow clients see them', database => {
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
  const experiment = async (name: string): Promise<string> =>
    String((await mlflow.post('experiments/create', { name })).experiment_id)
  const runOf = async (runId: string) => (await mlflow.get('runs/get', { run_id: runId })).run

  describe('experiments', () => {
    it('begin with a Default under the id 0 in every workspace', async () => {
      await app.client.call(workspaceRoutes.create, { body: { name: 'team' } })
      const team = new MlflowApi(`${app.url}/ws/team`)
      expect(await mlflow.get('experiments/get', { experiment_id: '0' })).toMatchObject({
        experiment: { experiment_id: '0', name: 'Default', artifact_location: 'mlflow-artifacts:/0' },
      })
      const own = at(await team.get('experiments/get', { experiment_id: '0' }), 'experiment.experiment_id')
      expect(own).not.toBe('0')
      const runId = await team.run()
      expect(at(await team.get('runs/get', { run_id: runId }), 'run.info.experiment_id')).toBe(own)
      expect(await mlflow.refused('GET', 'runs/get', { run_id: runId })).toMatchObject({
        status: 404,
        message: `Run with id=${runId} not found`,
      })
      expect(await mlflow.refused('GET', 'experiments/get', { experiment_id: String(own) })).toMatchObject({
        status: 404,
        message: `No Experiment with id=${own} exists`,
      })
    })

    it('keep their name while deleted, and come back with all their runs', async () => {
      const id = await experiment('cycle')
      const runId = await mlflow.run({ experiment_id: id })
      await mlflow.post('experiments/delete', { experiment_id: id })
      expect(await mlflow.refused('POST', 'experiments/delete', { experiment_id: id })).toMatchObject({ status: 404 })
      expect(await mlflow.refused('POST', 'experiments/create', { name: 'cycle' })).toMatchObject({
        status: 400,
        code: 'RESOURCE_ALREADY_EXISTS',
        message: expect.stringContaining('Experiment(name=cycle) already exists'),
      })
      expect(await mlflow.refused('POST', 'runs/create', { experiment_id: id })).toMatchObject({
        status: 400,
        message: `The experiment ${id} must be in the 'active' state. Current state is deleted.`,
      })
      expect(await runOf(runId)).toMatchObject({ info: { lifecycle_stage: 'deleted' } })
      expect(await mlflow.refused('POST', 'experiments/update', { experiment_id: id, new_name: 'x' })).toMatchObject({
        status: 400,
        code: 'INVALID_STATE',
      })
      await mlflow.post('experiments/restore', { experiment_id: id })
      expect(await runOf(runId)).toMatchObject({ info: { lifecycle_stage: 'active' } })
      expect((await eventsOf(`experiment/${id}`)).map(event => event.type)).toEqual([
        'experiment.created',
        'experiment.deleted',
        'experiment.restored',
      ])
    })

    it('are searched by name, time and tag, in the order asked for', async () => {
      for (const name of ['s-b', 's-a', 'S-c'])
        await mlflow.post('experiments/create', { name, tags: [{ key: 'k', value: name }] })
      const names = async (input: object) =>
        (
          ((await mlflow.post('experiments/search', { max_results: 100, ...input })).experiments ?? []) as {
            name: string
          }[]
        ).map(one => one.name)
      expect(await names({ filter: "name LIKE 's-%'", order_by: ['name ASC'] })).toEqual(['s-a', 's-b'])
      expect(await names({ filter: "name ILIKE 's-%'", order_by: ['name DESC'] })).toEqual(['s-b', 's-a', 'S-c'])
      expect(await names({ filter: "tags.k = 'S-c' AND creation_time > 0" })).toEqual(['S-c'])
      expect(await names({ filter: "tags.k IS NULL AND name LIKE 's%'" })).toEqual([])
      expect(await mlflow.refused('POST', 'experiments/search')).toMatchObject({
        status: 400,
        message: expect.stringContaining("Invalid value 0 for parameter 'max_results' supplied"),
      })
      const first = await mlflow.post('experiments/search', { max_results: 2, filter: "name ILIKE 's-%'" })
      const second = await mlflow.post('experiments/search', {
        max_results: 2,
        filter: "name ILIKE 's-%'",
        page_token: first.next_page_token,
      })
      expect([first.experiments, second.experiments]).toMatchObject([[{}, {}], [{}]])
      expect(second.next_page_token).toBeUndefined()
    })

    it('take tags of 20,000 characters and no more', async () => {
      const id = await experiment('tags')
      await mlflow.post('experiments/set-experiment-tag', { experiment_id: id, key: 'k', value: 'x'.repeat(20_000) })
      expect(
        await mlflow.refused('POST', 'experiments/set-experiment-tag', {
          experiment_id: id,
          key: 'k',
          value: 'x'.repeat(20_001),
        }),
      ).toMatchObject({ status: 400 })
      await mlflow.post('experiments/delete-experiment-tag', { experiment_id: id, key: 'k' })
      expect(
        await mlflow.refused('POST', 'experiments/delete-experiment-tag', { experiment_id: id, key: 'k' }),
      ).toMatchObject({ status: 404, message: `No tag with name: k in experiment with id ${id}` })
    })
  })

  describe('the wire', () => {
    it('takes bodies that were encoded twice, and both prefixes', async () => {
      const twice = await mlflow.request(
        'POST',
        '/ajax-api/2.0/mlflow/runs/create',
        JSON.stringify({ run_name: 'twice' }),
      )
      expect(twice.body).toMatchObject({ run: { info: { run_name: 'twice', experiment_id: '0' } } })
    })

    it('refuses what is not JSON in its own words', async () => {
      const send = (body: string, type: string) =>
        mlflow.request('POST', '/api/2.0/mlflow/runs/create', Buffer.from(body), { 'content-type': type })
      expect(await send('{', 'application/json')).toMatchObject({
        status: 400,
        body: { error_code: 'INVALID_PARAMETER_VALUE' },
      })
      expect(await send('[]', 'application/json; charset=utf-8')).toMatchObject({
        status: 400,
        body: { error_code: 'INVALID_PARAMETER_VALUE' },
      })
      expect(await send('{}', 'text/plain')).toMatchObject({
        status: 400,
        body: { error_code: 'BAD_REQUEST', message: "Bad Request. Content-Type must be one of ['application/json']." },
      })
    })

    it('says which calls it does not have, so that clients fall back', async () => {
      expect(await mlflow.refused('POST', 'no/such/call')).toMatchObject({ status: 404, code: 'ENDPOINT_NOT_FOUND' })
    })

    it('answers health, version and server info', async () => {
      expect((await mlflow.request('GET', '/health')).bytes.toString()).toBe('OK')
      expect((await mlflow.request('GET', '/version')).bytes.toString()).toMatch(/^3\.\d+\.\d+$/)
      expect((await mlflow.request('GET', '/api/3.0/mlflow/server-info')).body).toMatchObject({
        workspaces_enabled: false,
        multipart_uploads_enabled: false,
      })
    })
  })
})
