import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { buildTestApp, pythonWith, type TestApp } from '@hagane/testkit'
import { afterAll, beforeAll, expect, it } from 'vitest'

const run = promisify(execFile)

const train = `
import mlflow, sklearn.datasets, sklearn.linear_model
mlflow.sklearn.autolog()
X, y = sklearn.datasets.load_iris(return_X_y=True, as_frame=True)
sklearn.linear_model.LogisticRegression(max_iter=500).fit(X, y)
`
const load = `
import mlflow, sklearn.datasets
run = mlflow.search_runs(search_all_experiments=True, filter_string="metrics.training_score > 0.9").iloc[0]
mlflow.register_model(f"runs:/{run.run_id}/model", "iris")
X, _ = sklearn.datasets.load_iris(return_X_y=True, as_frame=True)
print(list(mlflow.pyfunc.load_model("models:/iris/1").predict(X.head(2))), run.status, run["params.max_iter"])
`

let server: TestApp
let folder = ''
let python = ''
beforeAll(async () => {
  python = await pythonWith(['mlflow==3.17.2', 'scikit-learn'])
  server = await buildTestApp()
  folder = await mkdtemp(join(tmpdir(), 'hagane-mlflow-'))
})
afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true, maxRetries: 10 })
})

async function play(script: string): Promise<string> {
  const file = join(folder, 'script.py')
  await writeFile(file, script)
  const env = { ...process.env, MLFLOW_TRACKING_URI: server.url }
  return (await run(python, [file], { env, cwd: folder })).stdout
}

it('keeps what an unmodified MLflow client logs, and gives the registered model back', async () => {
  await play(train)
  expect(await play(load)).toContain('0), np.int64(0)] FINISHED 500')
})
