import { at, buildTestApp, eachDialect, MlflowApi, type TestApp } from '@hagane/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventsAfter } from '../../kernel/events/index.ts'

eachDialect('runs as MLflow clients see them', database => {
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
})
