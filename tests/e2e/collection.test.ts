import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { collectionRoutes, endpointRoutes, lineageRoutes, type ShadowComparison } from '@hagane/contract'
import { buildTestApp, pythonWith, type TestApp, uploadFiles } from '@hagane/testkit'
import { afterAll, beforeAll, expect, it } from 'vitest'

/** Two trees over the same flowers; the deeper one differs on some of them, which is known by computing it here. */
const models = `
import json, sys
from sklearn.datasets import load_iris
from sklearn.tree import DecisionTreeClassifier
def load(depth):
    x, y = load_iris(return_X_y=True)
    return DecisionTreeClassifier(max_depth=depth, random_state=0).fit(x, y)
if __name__ == "__main__":
    x, _ = load_iris(return_X_y=True)
    live, shadow = load(2).predict(x), load(4).predict(x)
    print(json.dumps({"rows": x.tolist(), "differ": [n for n in range(len(x)) if live[n] != shadow[n]]}))
`
/** As Azure ML's own example collects: inputs and outputs under one correlation. */
const scoring = (depth: number, after = '') => `
import json, logging
import pandas as pd
from azureml.ai.monitoring import Collector
from models import load
def init():
    global model, inputs, outputs, errors
    errors = []
    model = load(${depth})
    inputs = Collector(name="model_inputs", on_error=errors.append)
    outputs = Collector(name="model_outputs", on_error=errors.append)
def run(raw):
    rows = json.loads(raw)["data"]
    frame = pd.DataFrame(rows, columns=["sl", "sw", "pl", "pw"])
    context = inputs.collect(frame)
    predicted = model.predict(frame.to_numpy()).tolist()
    outputs.collect(pd.DataFrame({"species": predicted}), context)
    ${after}
    return predicted
`
const dir = mkdtempSync(join(tmpdir(), 'hagane-collection-'))
let app: TestApp
let paths: string
let flowers: { rows: number[][]; differ: number[] }

beforeAll(async () => {
  const python = await pythonWith(['mlflow==3.17.2', 'scikit-learn'])
  const program = 'import sysconfig; print(sysconfig.get_paths()["purelib"])'
  paths = execFileSync(python, ['-c', program], { encoding: 'utf8' }).trim()
  flowers = JSON.parse(execFileSync(python, ['-'], { input: models, encoding: 'utf8' }))
  app = await buildTestApp({ dir })
}, 600_000)
afterAll(async () => {
  // the server first: it would start the gateway again
  await app[Symbol.asyncDispose]()
  const { pid } = gatewayOf()
  process.kill(pid, 'SIGTERM')
  while (isAlive(pid)) await pause(50)
  rmSync(dir, { recursive: true, force: true, maxRetries: 10 })
}, 120_000)

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

const gatewayOf = (): { pid: number } => JSON.parse(readFileSync(join(dir, 'gateway/gateway.json'), 'utf8'))

async function deploy(deployment: string, script: string, more = {}): Promise<void> {
  const code = await uploadFiles(app.client, { 'score.py': script, 'models.py': models })
  const params = { name: 'iris', deployment }
  const body = {
    code_configuration: { code: `hagane://trees/${code}`, scoring_script: 'score.py' },
    environment_variables: { PYTHONPATH: paths },
    request_settings: { request_timeout_ms: 60_000, max_queue_wait_ms: 60_000 },
    ...more,
  }
  let found = await app.client.call(endpointRoutes.createDeployment, {
    params,
    body,
    query: { all_traffic: String(deployment === 'blue') },
  })
  while (!['Succeeded', 'Failed'].includes(found.provisioning_state)) {
    await pause(50)
    found = await app.client.call(endpointRoutes.showDeployment, { params })
  }
  expect(found.error).toBeUndefined()
}

it('shadows are compared with live, exactly, and nothing that was answered is lost or doubled by a kill', async () => {
  await app.client.call(endpointRoutes.create, { body: { name: 'iris' } })
  const collections = { model_inputs: { enabled: 'True' }, model_outputs: { enabled: 'True' } }
  await Promise.all([
    deploy('blue', scoring(2), { data_collector: { collections } }),
    deploy('green', scoring(4)),
    deploy('grey', scoring(2, 'assert rows[0][0] < 6')),
  ])
  const params = { name: 'iris' }
  await app.client.call(endpointRoutes.update, { params, body: { mirror_traffic: { green: 100, grey: 100 } } })
  const { scoring_uri } = await app.client.call(endpointRoutes.show, { params })
  const { primaryKey } = await app.client.call(endpointRoutes.credentials, { params })
  const headers = { authorization: `Bearer ${primaryKey}`, 'content-type': 'application/json' }
  const score = async (rows: number[][]) => {
    const answer = await fetch(scoring_uri, { method: 'POST', body: JSON.stringify({ data: rows }), headers })
    return { status: answer.status, id: answer.headers.get('x-hagane-prediction-id') ?? '', body: await answer.json() }
  }
  const mirrors = async () => (await (await fetch(scoring_uri.replace(/score$/, ''), { headers })).text()) === 'Healthy'
  while (!(await mirrors())) await pause(50)

  const ids: string[] = []
  let failing = 0
  for (let n = 0; n < flowers.rows.length; n += 3) {
    const rows = flowers.rows.slice(n, n + 3)
    const { status, id } = await score(rows)
    expect(status).toBe(200)
    ids.push(...rows.map((_, row) => `${id}-${row}`))
    if ((rows[0]?.[0] ?? 0) >= 6) failing += rows.length
  }
  const compare = (shadow: string): Promise<ShadowComparison> =>
    app.client.call(collectionRoutes.comparison, { params, query: { live: 'blue', shadow, worst: 1000 } })
  const answered = async (shadow: string): Promise<ShadowComparison> => {
    for (;;) {
      const report = await compare(shadow)
      if (report.unanswered === 0) return report
      await pause(50)
    }
  }
  const report = await answered('green')
  expect(report).toMatchObject({ mirrored: 150, compared: 150, different: flowers.differ.length })
  expect(flowers.differ.length).toBeGreaterThan(0)
  expect(report.worst.map(row => row.live_id).sort()).toEqual(flowers.differ.map(n => ids[n]).sort())
  expect(report.worst[0]?.inputs).toMatchObject({ sl: expect.any(Number), pw: expect.any(Number) })
  expect(await answered('grey')).toMatchObject({ mirrored: 150, shadow_failed: failing, agreement: 1 })

  const { pid } = gatewayOf()
  process.kill(pid, 'SIGKILL')
  await expect
    .poll(async () => gatewayOf().pid !== pid && (await mirrors().catch(() => false)), { timeout: 60_000 })
    .toBe(true)
  const { id } = await score([flowers.rows[0] ?? []])
  const sql = `select count(*) as n, count(distinct row_id) as ids, count(input_sl) as inputs
    from predictions where deployment = 'blue' and mirror_of is null`
  const counted = () => app.client.call(collectionRoutes.predictions, { params, body: { sql } })
  expect((await counted()).rows).toEqual([[151, 151, 151]])

  const collected = () =>
    app.client.call(collectionRoutes.collected, { params, query: { deployment: 'blue', collection: 'model_inputs' } })
  await expect.poll(async () => (await collected()).items.length, { timeout: 240_000 }).toBeGreaterThan(0)
  expect((await collected()).items.reduce((sum, file) => sum + file.rows, 0)).toBe(150)
  expect((await counted()).rows).toEqual([[151, 151, 151]])

  const say = (body: unknown) =>
    fetch(scoring_uri.replace(/score$/, 'feedback'), { method: 'POST', headers, body: JSON.stringify(body) })
  expect(
    (
      await say([
        { prediction_id: id, label: 2 },
        { prediction_id: `${id}-0`, label: 0 },
      ])
    ).status,
  ).toBe(202)
  expect((await say([{ label: 2 }])).status).toBe(400)
  const graph = await app.client.call(lineageRoutes.show, { query: { of: `prediction:${id}-0` } })
  expect(graph.nodes[0]?.facts.collected).toEqual([
    { row_id: `${id}-0`, output: 0, inputs: { sl: 5.1, sw: 3.5, pl: 1.4, pw: 0.2 }, labels: { label: 0 } },
  ])
}, 600_000)
