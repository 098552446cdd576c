import { dataRoutes } from '@hagane/contract'
import { at, buildTestApp, eachDialect, MlflowApi, type TestApp } from '@hagane/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

eachDialect('logged models', database => {
  let app: TestApp
  let mlflow: MlflowApi
  let experiment: string
  beforeAll(async () => {
    app = await buildTestApp({ settings: { database: database.location() } })
    mlflow = new MlflowApi(app.url)
    experiment = String((await mlflow.post('experiments/create', { name: 'models' })).experiment_id)
  })
  afterAll(() => app[Symbol.asyncDispose]())
  const create = async (input: object = {}): Promise<string> =>
    String(at(await mlflow.post('logged-models', { experiment_id: experiment, ...input }), 'model.info.model_id'))

  it('are found as runs:/<id>/<name>, as if they were artifacts of the run; an artifact of that name wins', async () => {
    const run = await mlflow.run({ experiment_id: experiment })
    const id = await create({ name: 'model', source_run_id: run })
    await mlflow.put(`${experiment}/models/${id}/artifacts/MLmodel`, 'flavors: {}')
    await mlflow.put(`${experiment}/models/${id}/artifacts/data/weights.bin`, 'w')
    const asset = (path: string) =>
      app.client.call(dataRoutes.create, { body: { name: 'found', type: 'uri_folder', path: `runs:/${run}/${path}` } })
    expect(await asset('model')).toMatchObject({ file_count: 2 })
    expect(await asset('model/data')).toMatchObject({ file_count: 1 })
    await expect(asset('other')).rejects.toThrow('No such artifact')

    await mlflow.put(`${experiment}/${run}/artifacts/model/only.txt`, 'x')
    expect(await asset('model')).toMatchObject({ file_count: 1 })
  })
  it('go from pending to ready with params, tags and files', async () => {
    const run = await mlflow.run({ experiment_id: experiment })
    const id = await create({
      name: 'clf',
      model_type: 'agent',
      source_run_id: run,
      params: [{ key: 'lr', value: '1' }],
      tags: [{ key: 't', value: 'x' }],
    })
    expect(id).toMatch(/^m-[0-9a-f]{32}$/)
    await mlflow.ok('PATCH', `logged-models/${id}`, { model_id: id, status: 2 })
    await mlflow.ok('PATCH', `logged-models/${id}/tags`, {
      tags: [
        { key: 't', value: 'y' },
        { key: 'u', value: 'z' },
      ],
    })
    await mlflow.ok('DELETE', `logged-models/${id}/tags/u`)
    await mlflow.post(`logged-models/${id}/params`, { model_id: id, params: [{ key: 'depth', value: '3' }] })
    await mlflow.put(`${experiment}/models/${id}/artifacts/data/x.bin`, 'x')
    expect(await mlflow.get(`logged-models/${id}`)).toMatchObject({
      model: {
        info: {
          model_id: id,
          experiment_id: experiment,
          name: 'clf',
          status: 'LOGGED_MODEL_READY',
          model_type: 'agent',
          source_run_id: run,
          artifact_uri: `mlflow-artifacts:/${experiment}/models/${id}/artifacts`,
          tags: [{ key: 't', value: 'y' }],
        },
        data: {
          params: expect.arrayContaining([
            { key: 'lr', value: '1' },
            { key: 'depth', value: '3' },
          ]),
        },
      },
    })
    expect(
      await mlflow.get(`logged-models/${id}/artifacts/directories`, { artifact_directory_path: 'data' }),
    ).toMatchObject({ files: [{ path: 'data/x.bin', is_dir: false, file_size: 1 }] })
    const file = await mlflow.request(
      'GET',
      `/ajax-api/2.0/mlflow/logged-models/${id}/artifacts/files?artifact_file_path=data/x.bin`,
    )
    expect(file.bytes.toString()).toBe('x')
    expect(await mlflow.refused('DELETE', `logged-models/${id}/tags/u`)).toMatchObject({
      status: 404,
      message: `No tag with key 'u' found for model with ID '${id}'.`,
    })
    expect(
      await mlflow.refused('POST', `logged-models/${id}/params`, { params: [{ key: 'lr', value: '2' }] }),
    ).toMatchObject({ status: 400 })
  })

  it('are hidden once deleted, unless asked for', async () => {
    const id = await create()
    await mlflow.ok('DELETE', `logged-models/${id}`)
    await mlflow.ok('DELETE', `logged-models/${id}`)
    expect(await mlflow.refused('GET', `logged-models/${id}`)).toMatchObject({
      status: 404,
      message: `Logged model with ID '${id}' not found.`,
    })
    expect(await mlflow.get(`logged-models/${id}`, { allow_deleted: 'True' })).toMatchObject({
      model: { info: { model_id: id } },
    })
  })

  it.each([
    [
      { name: 'a/b' },
      "Invalid model name ('a/b') provided. Model name must be a non-empty string and cannot contain the following characters: ('/', ':', '.', '%', '\"', \"'\")",
    ],
    [{ experiment_id: '' }, "Missing value for required parameter 'experiment_id'"],
    [
      {
        params: [
          { key: 'a', value: '1' },
          { key: 'a', value: '1' },
        ],
      },
      'The same param key was sent more than once',
    ],
  ])('refuse %j', async (input, message) => {
    expect(await mlflow.refused('POST', 'logged-models', { experiment_id: experiment, ...input })).toMatchObject({
      status: 400,
      message: expect.stringContaining(message),
    })
  })

  describe('with metrics', () => {
    let own: string
    const ids: string[] = []
    beforeAll(async () => {
      own = String((await mlflow.post('experiments/create', { name: 'ranked' })).experiment_id)
      const run = await mlflow.run({ experiment_id: own })
      for (const [i, acc] of [0.2, 0.9, 0.5].entries()) {
        const id = await create({
          experiment_id: own,
          name: `m${i}`,
          params: [{ key: 'i', value: String(i) }],
          tags: [{ key: 'odd', value: String(i % 2) }],
        })
        ids.push(id)
        const dataset = { dataset_name: i === 2 ? 'test' : 'train', dataset_digest: 'd' }
        await mlflow.post('runs/log-metric', {
          run_id: run,
          key: 'acc',
          value: acc,
          timestamp: 1,
          step: 1,
          model_id: id,
          ...dataset,
        })
      }
      ids.push(await create({ experiment_id: own, name: 'm3' }))
    })
    const names = async (input: object) =>
      (((await mlflow.post('logged-models/search', { experiment_ids: [own], ...input })).models ?? []) as unknown[])
        .map(model => at(model, 'info.name'))
        .join(' ')

    it('carry them, with run and data set', async () => {
      expect(await mlflow.get(`logged-models/${ids[1]}`)).toMatchObject({
        model: {
          data: {
            metrics: [
              {
                key: 'acc',
                value: 0.9,
                timestamp: 1,
                step: 1,
                dataset_name: 'train',
                dataset_digest: 'd',
                model_id: ids[1],
              },
            ],
          },
        },
      })
    })

    it('are found and ordered by them', async () => {
      expect(await names({})).toBe('m3 m2 m1 m0')
      expect(
        await names({ filter: 'metrics.acc > 0.4', order_by: [{ field_name: 'metrics.acc', ascending: false }] }),
      ).toBe('m1 m2')
      expect(await names({ order_by: [{ field_name: 'metrics.acc' }] })).toBe('m0 m2 m1 m3')
      expect(await names({ datasets: [{ dataset_name: 'test' }] })).toBe('m2')
      expect(
        await names({
          filter: 'metrics.acc > 0',
          datasets: [{ dataset_name: 'train', dataset_digest: 'd' }],
          order_by: [{ field_name: 'name' }],
        }),
      ).toBe('m0 m1')
      expect(await names({ filter: "params.i = '1' AND tags.odd = '1' AND attributes.name LIKE 'm_'" })).toBe('m1')
      expect(
        await names({
          filter: "name IN ('m0', 'm2')",
          order_by: [{ field_name: 'creation_time' }, { field_name: 'name' }],
        }),
      ).toBe('m0 m2')
      expect(await names({ filter: "status = 'PENDING' AND status != 'LOGGED_MODEL_READY'" })).toBe('m3 m2 m1 m0')
    })

    it('come in pages whose token belongs to one search', async () => {
      const first = await mlflow.post('logged-models/search', { experiment_ids: [own], max_results: 3 })
      const next = { experiment_ids: [own], max_results: 3, page_token: first.next_page_token }
      expect((await mlflow.post('logged-models/search', next)).models).toHaveLength(1)
      expect(await mlflow.refused('POST', 'logged-models/search', { ...next, filter: "name = 'm0'" })).toMatchObject({
        status: 400,
      })
    })

    it.each([
      [{ order_by: [{ field_name: 'bogus' }] }, 'Invalid order by field name: bogus'],
      [{ order_by: [{ field_name: 'params.i' }] }, 'Only metrics are supported'],
      [{ filter: "bogus = 'x'" }, "Invalid attribute key 'bogus' specified"],
      [{ filter: "tag.a = 'x'" }, "Invalid entity type: 'tag'"],
      [{ datasets: [{}] }, '`dataset_name` in the `datasets` clause must be specified.'],
      [{ experiment_ids: [] }, "Missing value for required parameter 'experiment_ids'"],
    ])('refuse %j', async (input, message) => {
      expect(await mlflow.refused('POST', 'logged-models/search', { experiment_ids: [own], ...input })).toMatchObject({
        status: 400,
        message: expect.stringContaining(message),
      })
    })

    it('refuse points for a model that does not exist', async () => {
      const run = await mlflow.run({ experiment_id: own })
      expect(
        await mlflow.refused('POST', 'runs/log-metric', {
          run_id: run,
          key: 'a',
          value: 1,
          timestamp: 1,
          model_id: 'm-none',
        }),
      ).toMatchObject({ status: 404, message: "Logged model with ID 'm-none' not found." })
    })
  })
})
