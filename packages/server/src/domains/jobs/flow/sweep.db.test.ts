import { jobRoutes } from '@hagane/contract'
import { buildTestApp, eachDialect, runJob, stepsOf, type TestApp } from '@hagane/testkit'
import { afterAll, beforeAll, expect, it } from 'vitest'

/** A trial that logs these values of `loss`, written in Python, one by one with a pause between. */
const logging = (values: string, pauseSeconds = 0): string => `python3 -c '
import json, os, sys, time, urllib.request
base = os.environ["MLFLOW_TRACKING_URI"]
def log(value, step):
    body = json.dumps({"run_id": os.environ["MLFLOW_RUN_ID"], "key": "loss", "value": value, "timestamp": int(time.time() * 1000), "step": step})
    headers = {"content-type": "application/json", "authorization": "Bearer " + os.environ["MLFLOW_TRACKING_TOKEN"]}
    urllib.request.urlopen(urllib.request.Request(base + "/api/2.0/mlflow/runs/log-metric", body.encode(), headers)).read()
for step, value in enumerate(${values}):
    log(value, step)
    time.sleep(${pauseSeconds})
'`

const sweep = (more: object): Record<string, unknown> => ({
  type: 'sweep',
  sampling_algorithm: 'grid',
  objective: { goal: 'minimize', primary_metric: 'loss' },
  ...more,
})

eachDialect('sweeps', database => {
  let server: TestApp
  beforeAll(async () => {
    server = await buildTestApp({ settings: { local_concurrency: 4 }, overrides: { db: database.db() } })
  }, 120_000)
  afterAll(() => server[Symbol.asyncDispose]())

  it('runs a trial for each combination; the outputs of the best become its own, registered by name', async () => {
    const job = await runJob(
      server.client,
      sweep({
        search_space: { a: { type: 'choice', values: [3, 1, 2] }, b: { type: 'choice', values: ['x'] } },
        inputs: { c: 10 },
        outputs: { model: { type: 'uri_folder', name: 'best-model' } },
        trial: {
          command: `${logging('[9, ${{search_space.a}}]')} && echo ${'${{inputs.a}} ${{inputs.b}} ${{inputs.c}}'} > ${'${{outputs.model}}'}/values`,
        },
      }),
    )
    expect(job).toMatchObject({ status: 'Completed', outputs: { model: { asset: 'azureml:best-model:1' } } })
    const trials = await stepsOf(server.client, job.name)
    expect(Object.keys(trials).sort()).toEqual(['trial_0', 'trial_1', 'trial_2'])
    const best = await server.client.call(jobRoutes.show, { params: { name: job.name } })
    expect(best.sweep).toMatchObject({
      trials: { total: 3, completed: 3, failed: 0, stopped: 0 },
      best: { name: `${job.name}_1`, value: 1, parameters: { a: '1', b: 'x' } },
    })
  }, 60_000)
})
