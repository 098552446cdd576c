import { workspaceRoutes } from '@hagane/contract'
import { at, buildTestApp, eachDialect, MlflowApi, type TestApp } from '@hagane/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventsAfter } from '../../kernel/events/index.ts'

eachDialect('experiments and runs as MLflow clients see them', database => {
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

  describe('runs', () => {
    it('answer with everything that was logged, latest metrics by (step, timestamp, value)', async () => {
      const runId = await mlflow.run({ run_name: 'one', start_time: '7', tags: [{ key: 'mlflow.user', value: 'ann' }] })
      await mlflow.post('runs/log-metric', { run_id: runId, key: 'loss', value: 2, timestamp: 5, step: 3 })
      await mlflow.post('runs/log-metric', { run_id: runId, key: 'loss', value: '1.5', timestamp: 9, step: 2 })
      await mlflow.post('runs/log-batch', {
        run_uuid: runId,
        metrics: [
          { key: 'loss', value: 1, timestamp: 5, step: 3 },
          { key: 'nan', value: 'NaN', timestamp: 1 },
          { key: 'inf', value: 'Infinity', timestamp: 1.0, step: '4' },
        ],
        params: [{ key: 'lr', value: '0.1' }, { key: 'empty' }],
        tags: [
          { key: 't', value: 'a' },
          { key: 't', value: 'b' },
        ],
      })
      expect(await runOf(runId)).toMatchObject({
        info: {
          run_id: runId,
          run_uuid: runId,
          run_name: 'one',
          status: 'RUNNING',
          start_time: 7,
          artifact_uri: `mlflow-artifacts:/0/${runId}/artifacts`,
        },
        data: {
          metrics: [
            { key: 'inf', value: Number.MAX_VALUE, timestamp: 1, step: 4 },
            { key: 'loss', value: 2, timestamp: 5, step: 3 },
            { key: 'nan', value: 'NaN', timestamp: 1, step: 0 },
          ],
          params: expect.arrayContaining([
            { key: 'lr', value: '0.1' },
            { key: 'empty', value: '' },
          ]),
          tags: expect.arrayContaining([
            { key: 't', value: 'b' },
            { key: 'mlflow.runName', value: 'one' },
            { key: 'mlflow.user', value: 'ann' },
          ]),
        },
      })
    })

    it('keep name and tag mlflow.runName in step, both ways', async () => {
      const runId = await mlflow.run()
      await mlflow.post('runs/update', { run_id: runId, run_name: 'renamed' })
      expect(await runOf(runId)).toMatchObject({ data: { tags: [{ key: 'mlflow.runName', value: 'renamed' }] } })
      await mlflow.post('runs/set-tag', { run_id: runId, key: 'mlflow.runName', value: 'again' })
      expect(await runOf(runId)).toMatchObject({ info: { run_name: 'again' } })
      expect(
        await mlflow.refused('POST', 'runs/create', { run_name: 'a', tags: [{ key: 'mlflow.runName', value: 'b' }] }),
      ).toMatchObject({
        status: 400,
        message: expect.stringContaining("Both 'run_name' argument and 'mlflow.runName' tag are specified"),
      })
    })

    it('refuse another value for a param and write nothing of that batch', async () => {
      const runId = await mlflow.run()
      const log = (value: string) => mlflow.refused('POST', 'runs/log-parameter', { run_id: runId, key: 'p', value })
      expect(await log('1')).toMatchObject({ status: 200 })
      expect(await log('1')).toMatchObject({ status: 200 })
      expect(await log('2')).toMatchObject({
        status: 400,
        message: `Changing param values is not allowed. Param with key='p' was already logged with value='1' for run ID='${runId}'. Attempted logging new value '2'.`,
      })
      const batch = {
        run_id: runId,
        params: [
          { key: 'p', value: '2' },
          { key: 'q', value: '1' },
        ],
        tags: [{ key: 't', value: 'x' }],
        metrics: [{ key: 'm', value: 1, timestamp: 1 }],
      }
      expect(await mlflow.refused('POST', 'runs/log-batch', batch)).toMatchObject({
        status: 400,
        message: `Changing param values is not allowed. Params were already logged='[{'key': 'p', 'old_value': '1', 'new_value': '2'}]' for run ID='${runId}'.`,
      })
      expect(await runOf(runId)).toMatchObject({ data: { params: [{ key: 'p', value: '1' }] } })
      expect(at(await runOf(runId), 'data.metrics')).toBeUndefined()
    })

    it.each([
      [{ metrics: 'foo' }, 'Invalid value "foo" for parameter \'metrics\' supplied'],
      [{ metrics: [{ key: 'm', value: 1 }] }, "Missing value for required parameter 'metrics[0].timestamp'"],
      [
        { metrics: [{ key: 'm', value: 'abc', timestamp: 1 }] },
        'Invalid value "abc" for parameter \'metrics[0].value\'',
      ],
      [
        { metrics: [{ key: 'm', value: null, timestamp: 1 }] },
        "Missing value for required parameter 'metrics[0].value'",
      ],
      [
        { metrics: [{ key: 'a*', value: 1, timestamp: 1 }] },
        'Invalid value "a*" for parameter \'metrics[0].name\' supplied: Names may only contain',
      ],
      [
        { metrics: [{ key: 'a', value: 1, timestamp: -5 }] },
        "Invalid value -5 for parameter 'metrics[0].timestamp' supplied: metric 'a' (value=1). Timestamp must be a nonnegative long (64-bit integer) ",
      ],
      [{ params: [{ value: 'x' }] }, "Missing value for required parameter 'params[0].key'"],
      [
        {
          params: [
            { key: 'q', value: '1' },
            { key: 'q', value: '1' },
          ],
        },
        "Duplicate parameter keys have been submitted: ['q'].",
      ],
      [{ tags: [{ key: '../a', value: '1' }] }, 'Invalid value "../a" for parameter \'tags[0].key\''],
      [
        { metrics: Array.from({ length: 1001 }, (_, i) => ({ key: `m${i}`, value: 1, timestamp: 1 })) },
        'A batch logging request can contain at most 1000 metrics. Got 1001 metrics. Please split up metrics across multiple requests and try again.',
      ],
      [
        { params: Array.from({ length: 101 }, (_, i) => ({ key: `p${i}`, value: '' })) },
        'can contain at most 100 params. Got 101 params.',
      ],
      [
        {
          metrics: Array.from({ length: 990 }, (_, i) => ({ key: `m${i}`, value: 1, timestamp: 1 })),
          tags: Array.from({ length: 20 }, (_, i) => ({ key: `t${i}`, value: '' })),
        },
        'at most 1000 metrics, params, and tags. Got 1010 metrics, params, and tags.',
      ],
    ])('refuse a bad batch whole: %#', async (batch, message) => {
      const runId = await mlflow.run()
      expect(await mlflow.refused('POST', 'runs/log-batch', { run_id: runId, ...batch })).toMatchObject({
        status: 400,
        code: 'INVALID_PARAMETER_VALUE',
        message: expect.stringContaining(message),
      })
      expect(await runOf(runId)).toMatchObject({ data: { tags: [{ key: 'mlflow.runName' }] } })
    })

    it('are sealed at their end; what is logged afterwards is an event', async () => {
      const runId = await mlflow.run({ run_name: 'sealed' })
      await mlflow.post('runs/log-batch', {
        run_id: runId,
        metrics: [
          { key: 'm', value: 1, timestamp: 1 },
          { key: 'm', value: 2, timestamp: 2 },
        ],
        params: [{ key: 'p', value: '1' }],
      })
      await mlflow.post('runs/update', { run_id: runId, status: 'FINISHED', end_time: 99 })
      await mlflow.post('runs/log-metric', { run_id: runId, key: 'late', value: 1, timestamp: 3 })
      await mlflow.put(`0/${runId}/artifacts/late.txt`, 'late')
      const [created, finished, amended, artifact] = await eventsOf(`run/${runId}`)
      expect(created).toMatchObject({ type: 'run.created', data: { run_id: runId, name: 'sealed' } })
      expect(finished).toMatchObject({
        type: 'run.finished',
        data: {
          status: 'FINISHED',
          end_time: 99,
          params: 1,
          metrics: 1,
          metric_points: 2,
          seal: expect.stringMatching(/^[0-9a-f]{64}$/),
        },
      })
      expect(amended).toMatchObject({ type: 'run.amended', data: { seal: finished?.data.seal, metrics: ['late'] } })
      expect(artifact).toMatchObject({
        type: 'run.amended',
        data: { artifact: { path: `0/${runId}/artifacts/late.txt` } },
      })
    })

    it('may not be written to while deleted', async () => {
      const runId = await mlflow.run()
      await mlflow.post('runs/delete', { run_id: runId })
      await mlflow.post('runs/delete', { run_id: runId })
      expect(await mlflow.refused('POST', 'runs/set-tag', { run_id: runId, key: 'a', value: 'b' })).toMatchObject({
        status: 400,
        message: `The run ${runId} must be in the 'active' state. Current state is deleted.`,
      })
      await mlflow.post('runs/restore', { run_id: runId })
      await mlflow.post('runs/set-tag', { run_id: runId, key: 'a', value: 'b' })
      await mlflow.post('runs/delete-tag', { run_id: runId, key: 'a' })
      expect(await mlflow.refused('POST', 'runs/delete-tag', { run_id: runId, key: 'a' })).toMatchObject({
        status: 404,
        message: `No tag with name: a in run with id ${runId}`,
      })
      expect((await eventsOf(`run/${runId}`)).map(event => event.type)).toEqual([
        'run.created',
        'run.deleted',
        'run.restored',
      ])
    })

    it('keep the history of models that old clients log', async () => {
      const runId = await mlflow.run()
      const model = {
        run_id: runId,
        artifact_path: 'm',
        utc_time_created: 'now',
        flavors: { sklearn: { config: { secret: 1 }, version: '1' } },
        model_uuid: 'u',
      }
      for (const artifact_path of ['a', 'b'])
        await mlflow.post('runs/log-model', { run_id: runId, model_json: JSON.stringify({ ...model, artifact_path }) })
      const tags = at(await runOf(runId), 'data.tags') as { key: string; value: string }[]
      const history = JSON.parse(tags.find(tag => tag.key === 'mlflow.log-model.history')?.value ?? '') as object[]
      expect(history).toMatchObject([
        { artifact_path: 'a', flavors: { sklearn: { version: '1' } } },
        { artifact_path: 'b' },
      ])
      expect(at(history, '0.flavors.sklearn.config')).toBeUndefined()
      expect(await mlflow.refused('POST', 'runs/log-model', { run_id: runId, model_json: '{' })).toMatchObject({
        status: 400,
        message: expect.stringContaining('Malformed model info.'),
      })
      expect(
        await mlflow.refused('POST', 'runs/log-model', { run_id: runId, model_json: '{"flavors":{}}' }),
      ).toMatchObject({ message: expect.stringContaining('Model json is missing mandatory fields') })
    })

    it('name their data sets and models once each', async () => {
      const experimentId = await experiment('inputs')
      const runId = await mlflow.run({ experiment_id: experimentId })
      const input = {
        dataset: { name: 'd', digest: 'x', source_type: 'local', source: '{}' },
        tags: [{ key: 'mlflow.data.context', value: 'train' }],
      }
      await mlflow.post('runs/log-inputs', { run_id: runId, datasets: [input], models: [{ model_id: 'm-1' }] })
      await mlflow.post('runs/log-inputs', {
        run_id: runId,
        datasets: [{ ...input, tags: [{ key: 'other', value: 'y' }] }],
      })
      await mlflow.post('runs/outputs', { run_id: runId, models: [{ model_id: 'm-2', step: '3' }] })
      expect(await runOf(runId)).toMatchObject({
        inputs: {
          dataset_inputs: [
            { tags: [{ key: 'mlflow.data.context', value: 'train' }], dataset: { name: 'd', digest: 'x' } },
          ],
          model_inputs: [{ model_id: 'm-1' }],
        },
        outputs: { model_outputs: [{ model_id: 'm-2', step: 3 }] },
      })
      expect(await mlflow.post('experiments/search-datasets', { experiment_ids: [experimentId] })).toEqual({
        dataset_summaries: [{ experiment_id: experimentId, name: 'd', digest: 'x', context: 'train' }],
      })
      expect(
        await mlflow.refused('POST', 'runs/log-inputs', { run_id: runId, datasets: [{ dataset: { name: 'd' } }] }),
      ).toMatchObject({ status: 400, message: expect.stringContaining("'datasets[0].dataset.digest'") })
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
