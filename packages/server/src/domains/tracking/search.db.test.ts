import { at, buildTestApp, eachDialect, MlflowApi, type TestApp } from '@hagane/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

eachDialect('a search of runs', database => {
  let app: TestApp
  let mlflow: MlflowApi
  let here: string
  let elsewhere: string
  const ids: Record<string, string> = {}

  /** Runs a to f: metric acc, params, tags and data sets that differ; e has NaN, f has no metric. */
  beforeAll(async () => {
    app = await buildTestApp({ settings: { database: database.location() } })
    mlflow = new MlflowApi(app.url)
    here = String((await mlflow.post('experiments/create', { name: 'here' })).experiment_id)
    elsewhere = String((await mlflow.post('experiments/create', { name: 'elsewhere' })).experiment_id)
    const rows: [string, number | string | undefined, string, number][] = [
      ['a', 0.5, 'x', 10],
      ['b', 0.9, 'X', 20],
      ['c', -1e300, 'y', 30],
      ['d', 'Infinity', 'x%', 40],
      ['e', 'NaN', 'x', 50],
      ['f', undefined, '', 60],
    ]
    for (const [name, acc, kind, start_time] of rows) {
      const run = await mlflow.run({ experiment_id: here, run_name: name, start_time })
      ids[name] = run
      await mlflow.post('runs/log-batch', {
        run_id: run,
        metrics:
          acc === undefined
            ? []
            : [
                { key: 'acc', value: acc, timestamp: 1, step: 1 },
                { key: 'acc', value: 7, timestamp: 9, step: 0 },
              ],
        params: [
          { key: 'kind', value: kind },
          { key: 'n', value: String(start_time) },
        ],
        tags: name === 'a' ? [{ key: 'my tag', value: 'it' }] : [],
      })
    }
    const other = await mlflow.run({ experiment_id: elsewhere, run_name: 'z', start_time: 5 })
    await mlflow.post('runs/log-metric', { run_id: other, key: 'acc', value: 0.7, timestamp: 1 })
    const dataset = { name: 'flights', digest: 'd1', source_type: 'local', source: '{}' }
    await mlflow.post('runs/log-inputs', {
      run_id: ids.b,
      datasets: [{ dataset, tags: [{ key: 'mlflow.data.context', value: 'train' }] }],
    })
    await mlflow.post('runs/update', { run_id: ids.c, status: 'FAILED', end_time: 99 })
  })
  afterAll(() => app[Symbol.asyncDispose]())

  const names = async (input: object): Promise<string> => {
    const { runs = [] } = await mlflow.post('runs/search', { experiment_ids: [here], ...input })
    return (runs as unknown[]).map(run => at(run, 'info.run_name')).join('')
  }

  it('is newest first without a wish, and empty without experiments', async () => {
    expect(await names({})).toBe('fedcba')
    expect(await mlflow.post('runs/search')).toEqual({})
    expect(await mlflow.post('runs/search', { experiment_ids: ['9999'] })).toEqual({})
  })

  it.each([
    ['metrics.acc > 0.4', 'dba'],
    ['metrics.acc >= 0.5 AND metrics.acc < 1', 'ba'],
    ['metrics.acc != 0.5', 'dcb'],
    ['metrics.acc = 0', ''],
    ['metrics.acc <= -1e300', 'c'],
    ["params.kind = 'x'", 'ea'],
    ["params.kind != 'x'", 'fdcb'],
    ["params.kind LIKE 'x%'", 'eda'],
    ["params.kind ILIKE 'x'", 'eba'],
    ["params.kind LIKE 'x_'", 'd'],
    ["params.kind = ''", 'f'],
    ['params.nope IS NULL', 'fedcba'],
    ['metrics.acc > -10 AND params.kind IS NOT NULL', 'dba'],
    ["tags.`my tag` = 'it'", 'a'],
    ['tags.`my tag` IS NULL', 'fedcb'],
    ["attributes.status = 'FAILED'", 'c'],
    ["status = 'RUNNING' AND start_time > 30", 'fed'],
    ['end_time = 99', 'c'],
    ["run_name ILIKE 'A'", 'a'],
    ["tags.mlflow.runName = 'b'", 'b'],
    ["datasets.name = 'flights' AND dataset.context = 'train'", 'b'],
    ["dataset.digest IN ('d1', 'd2')", 'b'],
    ["datasets.name NOT IN ('flights')", ''],
    ["artifact_uri LIKE 'mlflow-artifacts:/%'", 'fedcba'],
    ["params.kind = '\\'", ''],
  ])('finds by %s', async (filter, expected) => {
    expect(await names({ filter })).toBe(expected)
  })

  it('finds by lists of run ids', async () => {
    expect(await names({ filter: `run_id IN ('${ids.a}', '${ids.c}')` })).toBe('ca')
    expect(await names({ filter: `attributes.run_id NOT IN ('${ids.a}', '${ids.c}')` })).toBe('fedb')
  })

  it.each([
    [['metrics.acc'], 'cabdef'],
    [['metrics.acc DESC'], 'dbacef'],
    [['params.kind ASC', 'metrics.acc DESC'], 'fbaedc'],
    [['metrics.acc DESC', 'params.kind'], 'dbacef'],
    [['tags.`my tag` DESC'], 'afedcb'],
    [['start_time ASC'], 'abcdef'],
    [['end_time'], 'cfedba'],
    [['status DESC', 'run_name'], 'abdefc'],
    [['metrics.none', 'start_time'], 'abcdef'],
  ])('orders by %j, absent values last', async (order_by, expected) => {
    expect(await names({ order_by })).toBe(expected)
  })

  it.each([[['metrics.acc DESC']], [['metrics.acc ASC']], [[]], [['params.kind']]])(
    'gives every run once over pages, ordered by %j',
    async order_by => {
      const whole = await names({ order_by })
      for (const max_results of [1, 2, 4]) {
        let pages = ''
        let page_token: unknown
        do {
          const page = await mlflow.post('runs/search', { experiment_ids: [here], order_by, max_results, page_token })
          pages += ((page.runs ?? []) as unknown[]).map(run => at(run, 'info.run_name')).join('')
          page_token = page.next_page_token
        } while (page_token !== undefined)
        expect(pages).toBe(whole)
      }
    },
  )

  it('reaches over several experiments', async () => {
    const both = { experiment_ids: [here, elsewhere] }
    expect(await names({ ...both, order_by: ['metrics.acc DESC'] })).toBe('dbzacef')
    expect(await names({ ...both, filter: 'metrics.acc > 0.6' })).toBe('dbz')
  })

  it('sees deleted runs only when asked', async () => {
    const gone = await mlflow.run({ experiment_id: here, run_name: 'g', start_time: 70 })
    await mlflow.post('runs/delete', { run_id: gone })
    expect(await names({})).toBe('fedcba')
    expect(await names({ run_view_type: 'DELETED_ONLY' })).toBe('g')
    expect(await names({ run_view_type: 3 })).toBe('gfedcba')
  })

  it('sees a metric in the very moment after it was logged', async () => {
    const fresh = await mlflow.run({ experiment_id: elsewhere, run_name: 'fresh' })
    for (const value of [1, 5, 3]) {
      await mlflow.post('runs/log-metric', { run_id: fresh, key: 'now', value, timestamp: value, step: value })
      expect(
        await names({
          experiment_ids: [elsewhere],
          filter: `metrics.now = ${Math.max(value, value === 3 ? 5 : value)}`,
        }),
      ).toBe('fresh')
    }
  })

  it.each([63, 64, 65, 200])('compares texts of %i characters whole, beyond what the index holds', async length => {
    const start = '😀'.repeat(length - 1)
    const [one, two] = [
      await mlflow.run({ experiment_id: elsewhere, run_name: `1-${length}` }),
      await mlflow.run({ experiment_id: elsewhere, run_name: `2-${length}` }),
    ]
    await mlflow.post('runs/log-parameter', { run_id: one, key: 'long', value: `${start}a` })
    await mlflow.post('runs/log-parameter', { run_id: two, key: 'long', value: `${start}b` })
    expect(await names({ experiment_ids: [elsewhere], filter: `params.long = '${start}a'` })).toBe(`1-${length}`)
  })

  describe('refuses', () => {
    it.each([
      [{ max_results: 0 }, "Invalid value 0 for parameter 'max_results'"],
      [{ max_results: 50_001 }, "Invalid value 50001 for parameter 'max_results'"],
      [{ page_token: 'x' }, 'Invalid page token, could not base64-decode'],
      [{ order_by: ['metrics.a', 'metrics.a'] }, '`order_by` contains duplicate fields'],
      [{ order_by: 'metrics.a' }, 'Invalid value "metrics.a" for parameter \'order_by\''],
      [{ filter: 'metrics.a' }, 'Invalid clause(s) in filter string'],
      [{ experiment_ids: ['abc'] }, "Invalid experiment ID 'abc'. Experiment ID must be a valid integer."],
      [{ filter: `params.a LIKE '${'%'.repeat(10_001)}'` }, 'A LIKE pattern can have at most'],
    ])('%#: a caller mistake is a 400', async (input, message) => {
      expect(await mlflow.refused('POST', 'runs/search', { experiment_ids: [here], ...input })).toMatchObject({
        status: 400,
        code: 'INVALID_PARAMETER_VALUE',
        message: expect.stringContaining(message),
      })
    })

    it('nothing that only looks like SQL', async () => {
      expect(await names({ filter: "params.kind = 'x'' OR 1=1 --'" })).toBe('')
      expect(await names({ filter: 'tags."a\') or 1=1 --" = "x"' })).toBe('')
    })
  })
})
