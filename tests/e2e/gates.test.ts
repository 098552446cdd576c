import { execFile } from 'node:child_process'
import { setTimeout as pause } from 'node:timers/promises'
import {
  auditRoutes,
  componentRoutes,
  type GateRunResource,
  gateRoutes,
  HaganeError,
  jobRoutes,
  modelRoutes,
  treeUri,
} from '@hagane/contract'
import { buildTestApp, pythonWith, type TestApp, uploadFiles } from '@hagane/testkit'
import { afterAll, beforeAll, expect, it } from 'vitest'

/** Three versions of a model of late flights: a weak one, a good one that answers probabilities, and one that is worse than nothing. */
const training = `
import mlflow, numpy as np, pandas as pd
from sklearn.linear_model import LogisticRegression
random = np.random.default_rng(7)
def table(rows):
    frame = pd.DataFrame({"wind": random.normal(size=rows), "hour": random.normal(size=rows)})
    frame["group"] = np.where(random.random(rows) < 0.5, "a", "b")
    frame["late"] = (frame.wind + frame.hour + random.normal(size=rows) * 0.5 > 0).astype(int)
    return frame
train = table(2000)
class OfColumns:
    pass
def log(columns, sign, metric, answers="predict"):
    with mlflow.start_run():
        features = train[["wind", "hour"]].copy()
        for name in features:
            if name not in columns:
                features[name] = 0.0
        model = LogisticRegression().fit(features, train.late if sign > 0 else 1 - train.late)
        mlflow.log_metric("holdout", metric)
        mlflow.sklearn.log_model(model, name="model", registered_model_name="late", input_example=features.head(2),
            pyfunc_predict_fn=answers, pip_requirements=["mlflow==3.17.2", "scikit-learn"])
log(["wind"], 1, 0.7)
log(["wind", "hour"], 1, 0.9, "predict_proba")
log(["wind"], -1, 0.1)
table(1500).to_csv("late.csv", index=False)
print(open("late.csv").read())
`
const gate = {
  target: 'late',
  drop: ['group'],
  metrics: [
    { metric: 'roc_auc', min: 0.6, min_improvement: -0.02, slices: true },
    { metric: 'log_loss', max: 0.6 },
    { metric: 'holdout', source: 'run', min: 0.5 },
  ],
  slices: ['group', { column: 'wind', edges: [0] }],
  fairness: [{ column: 'group', metric: 'selection_rate', max_difference: 0.2 }],
  latency: { p99_ms: 60_000, rows: 10 },
  size: { max_mb: 10 },
  confidence: { resamples: 200 },
} as const

let app: TestApp
let data: string
beforeAll(async () => {
  const python = await pythonWith(['mlflow==3.17.2', 'scikit-learn'])
  app = await buildTestApp()
  const env = { ...process.env, MLFLOW_TRACKING_URI: app.url, MLFLOW_DISABLE_TELEMETRY: 'true' }
  // the server answers in this process, which must not wait for the script
  const csv = await new Promise<string>((resolve, reject) => {
    const options = { env, cwd: app.dir, maxBuffer: 2 ** 26 }
    const child = execFile(python, ['-'], options, (error, out) => (error ? reject(error) : resolve(out)))
    child.stdin?.end(training)
  })
  data = treeUri(await uploadFiles(app.client, { 'late.csv': csv.slice(csv.indexOf('wind,')) }))
}, 600_000)
afterAll(() => app[Symbol.asyncDispose]())

async function run(name: string, candidate: string, more: object = {}): Promise<GateRunResource> {
  let found = await app.client.call(gateRoutes.run, { params: { name }, body: { candidate, ...more } })
  while (found.status === 'Running') {
    await pause(100)
    found = await app.client.call(gateRoutes.showRun, { params: { name: found.name } })
  }
  return found
}
const create = (spec: object) => app.client.call(gateRoutes.create, { body: spec as never })
const check = (found: GateRunResource, name: string, slice?: string) =>
  found.table.filter(one => one.check === name && one.slice === slice)

it('lets a candidate pass by what it is, while there is no champion, and by what it is beside one later', async () => {
  await create({ name: 'late', data, ...gate })
  const first = await run('late', 'models:/late/1')
  expect(first, first.message).toMatchObject({ status: 'Completed', result: 'pass', candidate: 'azureml:late:1' })
  expect(first.champion).toBeUndefined()
  expect(first.message).toContain('there is no champion yet')
  expect(check(first, 'roc_auc').map(one => one.result)).toEqual(['pass', 'not judged'])
  await app.client.call(modelRoutes.label, { params: { name: 'late', label: 'champion' }, body: { version: '1' } })

  const better = await run('late', 'models:/late/2')
  expect(better, better.message).toMatchObject({ result: 'pass', champion: 'azureml:late:1' })
  const [absolute, relative] = check(better, 'roc_auc')
  expect(absolute?.candidate).toBeGreaterThan(0.95)
  expect(relative?.interval?.[0]).toBeGreaterThan(0.05)
  expect(check(better, 'roc_auc', 'group = a').concat(check(better, 'roc_auc', 'wind >= 0'))).toHaveLength(4)
  expect(check(better, 'selection_rate between group')[0]).toMatchObject({ result: 'pass', rows: 1500 })
  expect(check(better, 'holdout (run)')[0]).toMatchObject({ candidate: 0.9, champion: 0.7, result: 'pass' })

  const worse = await run('late', 'models:/late/3', { champion: 'models:/late/2' })
  expect(worse).toMatchObject({ result: 'fail', message: expect.stringContaining('roc_auc is 0.') })
  const { items } = await app.client.call(auditRoutes.list, { query: { subject: 'gate/late', limit: 100 } })
  const types = items.map(event => event.type.replace('dev.hagane.gate.', '')).reverse()
  expect(types).toEqual(['created', 'started', 'passed', 'started', 'passed', 'started', 'failed'])
  expect(items[0]?.data).toMatchObject({ result: 'fail', alert: { key: 'gate/late', state: 'firing' } })
}, 600_000)

it('comes to the same table again, from what was scored before', async () => {
  const [first, second] = [await run('late', 'models:/late/2'), await run('late', 'models:/late/2')]
  expect(second.table).toEqual(first.table)
  const { items } = await app.client.call(jobRoutes.list, { query: { parent_job_name: second.name } })
  expect(items.map(item => item.reuse?.from !== undefined)).toEqual([true, true])
})

it('cannot tell what lies within its interval, unless it is told by value', async () => {
  const [, tight] = check(await run('late', 'models:/late/2'), 'roc_auc')
  const bound = tight?.difference ?? 0
  const metrics = [{ metric: 'roc_auc', min_improvement: bound - 1e-6 }]
  await create({ name: 'tight', data, ...gate, metrics })
  expect(await run('tight', 'models:/late/2', { champion: 'models:/late/1' })).toMatchObject({ result: 'inconclusive' })
  await create({ name: 'tight', data, ...gate, metrics, decide_by: 'value' })
  expect(await run('tight', 'models:/late/2', { champion: 'models:/late/1' })).toMatchObject({ result: 'pass' })
})

it('takes metrics of a component of the author', async () => {
  const component = {
    name: 'rows_of',
    version: '1',
    type: 'command' as const,
    inputs: { model: { type: 'mlflow_model' }, data: { type: 'uri_folder' } },
    outputs: { metrics: { type: 'uri_folder' } },
    command: 'echo "{\\"rows\\": $(cat ${{inputs.data}}/*.csv | wc -l)}" > ${{outputs.metrics}}/metrics.json',
  }
  await app.client.call(componentRoutes.create, { body: component as never })
  const metrics = [{ metric: 'rows', source: 'component', min: 1000, max: 2000 }]
  await create({ name: 'own', data, metrics, evaluation: { component: 'azureml:rows_of:1' } })
  expect(await run('own', 'models:/late/1')).toMatchObject({ result: 'pass' })
})

it('says what is wrong with a model, data or a demand', async () => {
  const refusal = async (attempt: Promise<unknown>) => {
    const error = await attempt.then(
      () => undefined,
      (cause: unknown) => cause,
    )
    return error instanceof HaganeError ? `${error.kind}: ${error.message}` : 'it was taken'
  }
  const tree = treeUri(await uploadFiles(app.client, { 'weights.txt': '1' }))
  await app.client.call(modelRoutes.create, { body: { name: 'plain', version: '1', type: 'custom_model', path: tree } })
  const start = (body: object) =>
    refusal(app.client.call(gateRoutes.run, { params: { name: 'late' }, body: body as never }))
  expect(await start({ candidate: 'azureml:plain:1' })).toContain('a gate predicts with MLflow models')
  expect(await start({ candidate: 'azureml:late:9' })).toContain('not_found')
  expect(await start({ candidate: 'azureml:late:1', champion: 'azureml:late@nobody' })).toContain('not_found')
  expect(
    await refusal(create({ name: 'g', data, target: 'late', metrics: [{ metric: 'acuracy', min: 1 }] })),
  ).toContain('no score')
  expect(await refusal(create({ name: 'g', metrics: [{ metric: 'f1', min: 1 }] }))).toContain('name some')
  await create({ name: 'blind', data, target: 'latte', metrics: [{ metric: 'f1', min: 0.1 }] })
  const blind = await run('blind', 'models:/late/1')
  expect(blind).toMatchObject({ status: 'Failed' })
  expect(blind.message).toContain("no column 'latte'")
})
