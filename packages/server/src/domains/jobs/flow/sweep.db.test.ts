import { setTimeout as sleep } from 'node:timers/promises'
import { HaganeError, jobRoutes } from '@hagane/contract'
import {
  buildTestApp,
  eachDialect,
  endOf,
  logOf,
  MlflowApi,
  runJob,
  stepsOf,
  submitJob,
  type TestApp,
} from '@hagane/testkit'
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
  const shown = (name: string) => server.client.call(jobRoutes.show, { params: { name } })

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
    expect((await shown(job.name)).sweep).toMatchObject({
      trials: { total: 3, completed: 3, failed: 0, stopped: 0 },
      best: { name: `${job.name}_1`, value: 1, parameters: { a: '1', b: 'x' } },
    })
  }, 60_000)

  it('stops what falls behind as it logs, and says why; stopped trials count as finished', async () => {
    const job = await runJob(
      server.client,
      sweep({
        search_space: { a: { type: 'choice', values: [1, 50] } },
        early_termination: { type: 'bandit', slack_amount: 10, delay_evaluation: 2 },
        limits: { max_concurrent_trials: 2 },
        trial: { command: logging('[${{search_space.a}}] * (3 if ${{search_space.a}} == 1 else 400)', 0.1) },
      }),
    )
    expect(job.status).toBe('Completed')
    const { trial_0: good, trial_1: bad } = await stepsOf(server.client, job.name)
    expect(good?.status).toBe('Completed')
    expect(bad).toMatchObject({
      status: 'Canceled',
      error: {
        message: expect.stringMatching(
          /^stopped by bandit at interval \d+: 50 is worse than 11, which the best, 1, and its slack allow$/,
        ),
      },
    })
    const { trials } = await server.client.call(jobRoutes.trials, { params: { name: job.name } })
    expect(trials).toMatchObject([
      { status: 'Completed', value: 1, intervals: 3 },
      { status: 'Canceled', value: 50, stopped: expect.stringContaining('bandit') },
    ])
    expect((await shown(job.name)).sweep?.trials).toMatchObject({ completed: 1, stopped: 1, canceled: 0 })
  }, 60_000)

  it('names the best trial, its value and its parameters on the run of the sweep', async () => {
    const job = await runJob(
      server.client,
      sweep({
        search_space: { a: { type: 'choice', values: [4, 2] } },
        objective: { goal: 'maximize', primary_metric: 'loss' },
        // its best value counts, not its last
        trial: { command: logging('[${{search_space.a}}, 0]') },
      }),
    )
    const { run } = await new MlflowApi(server.url).get('runs/get', { run_id: job.name })
    const { params, tags, metrics } = (run as { data: Record<string, { key: string; value: unknown }[]> }).data
    expect(params).toContainEqual({ key: 'best_a', value: '4' })
    expect(tags).toContainEqual({ key: 'best_child_run_id', value: `${job.name}_0` })
    expect(metrics).toContainEqual(expect.objectContaining({ key: 'loss', value: 4 }))
  }, 60_000)

  it('is a step of a pipeline: bound on both sides, its trials taken again when nothing has changed', async () => {
    const component = {
      type: 'command',
      inputs: {
        start: { type: 'number' },
        rate: { type: 'number', default: 1 },
        note: { type: 'string', default: 'n' },
      },
      outputs: { model: { type: 'uri_folder' } },
      command: `${logging('[${{inputs.start}} * ${{inputs.rate}}]')} && echo ${'${{inputs.rate}} ${{inputs.note}}'} > ${'${{outputs.model}}'}/rate`,
    }
    const pipeline = {
      type: 'pipeline',
      inputs: { start: 10 },
      outputs: { best: null },
      jobs: {
        tune: sweep({
          sampling_algorithm: { type: 'random', rule: 'sobol' },
          search_space: { rate: { type: 'quniform', min_value: 1, max_value: 8, q: 1 } },
          inputs: { start: '${{parent.inputs.start}}' },
          outputs: { model: '${{parent.outputs.best}}' },
          limits: { max_total_trials: 3, max_concurrent_trials: 1 },
          trial: component,
        }),
        use: {
          command: 'cat ${{inputs.model}}/rate',
          inputs: { model: '${{parent.jobs.tune.outputs.model}}' },
        },
      },
    }
    const job = await runJob(server.client, pipeline)
    expect(job).toMatchObject({ status: 'Completed', outputs: { best: { digest: expect.any(String) } } })
    const { tune, use } = await stepsOf(server.client, job.name)
    const best = (await shown(tune?.name ?? '')).sweep?.best
    expect(await logOf(server.client, use?.name ?? '')).toBe(`${best?.parameters.rate} n\n`)
    const again = await runJob(server.client, pipeline)
    const tuned = (await stepsOf(server.client, again.name)).tune?.name ?? ''
    const trials = Object.values(await stepsOf(server.client, tuned))
    expect(trials.map(trial => trial.reuse?.from !== undefined)).toEqual([true, true, true])
    expect((await shown(tuned)).sweep?.best?.value).toBe(best?.value)
  }, 90_000)

  it('completes when one trial completed, and fails with the first reason when all failed', async () => {
    const of = (command: string) =>
      runJob(server.client, sweep({ search_space: { a: { type: 'choice', values: [0, 3] } }, trial: { command } }))
    expect((await of(`exit ${'${{search_space.a}}'}`)).status).toBe('Completed')
    const failed = await of(`test ${'${{search_space.a}}'} -gt 9`)
    expect(failed).toMatchObject({
      status: 'Failed',
      error: { message: `no trial completed, 2 failed; the first, ${failed.name}_0: the command exited with code 1` },
    })
  }, 60_000)

  it('warns when the primary metric was never logged, and tells what was', async () => {
    const job = await runJob(
      server.client,
      sweep({
        search_space: { a: { type: 'choice', values: [1] } },
        objective: { goal: 'minimize', primary_metric: 'los' },
        trial: { command: logging('[${{search_space.a}}]') },
      }),
    )
    expect(job.properties['hagane.warnings']).toBe(
      `no trial logged the primary metric 'los', so there is no best trial; ${job.name}_0 logged loss`,
    )
  }, 60_000)

  it('ends as canceled when its time is over or somebody cancels it, and keeps what it had found', async () => {
    const slow = {
      search_space: { a: { type: 'choice', values: [1, 2, 3] } },
      trial: { command: `${logging('[${{search_space.a}}]')} && test ${'${{search_space.a}}'} = 1 || sleep 600` },
    }
    const timed = runJob(server.client, sweep({ ...slow, limits: { timeout: 3, max_concurrent_trials: 3 } }))
    const name = await submitJob(server.client, sweep({ ...slow, limits: { max_concurrent_trials: 1 } }))
    while ((await shown(name)).sweep?.trials.completed !== 1 || (await shown(name)).sweep?.trials.running !== 1)
      await sleep(50)
    await server.client.call(jobRoutes.cancel, { params: { name } })
    const canceled = await endOf(server.client, name)
    expect(canceled).toMatchObject({ status: 'Canceled', sweep: { best: { value: 1 }, trials: { canceled: 1 } } })
    const over = await timed
    expect(over).toMatchObject({
      status: 'Canceled',
      error: { message: 'stopped after 3 s, its limits.timeout' },
      sweep: { trials: { running: 0 } },
    })
  }, 90_000)

  it.each<[string, object, string]>([
    ['an empty space', { search_space: {} }, 'job.search_space: it is empty'],
    [
      'bounds the wrong way round',
      { search_space: { a: { type: 'uniform', min_value: 2, max_value: 1 } } },
      'max_value',
    ],
    [
      'a logarithm given as a value',
      { search_space: { a: { type: 'loguniform', min_value: 1, max_value: 1e4 } } },
      'exp(10000)',
    ],
    ['an unknown expression', { search_space: { a: { type: 'gaussian' } } }, 'search_space.a'],
    ['a missing bound', { search_space: { a: { type: 'uniform', min_value: 0 } } }, 'max_value'],
    ['no values', { search_space: { a: { type: 'choice', values: [] } } }, 'search_space.a.values'],
    ['a grid over a range', { search_space: { a: { type: 'uniform', min_value: 0, max_value: 1 } } }, 'can be counted'],
    [
      'a rule that is not of random',
      { sampling_algorithm: { type: 'grid', rule: 'sobol' } },
      'sampling_algorithm.rule',
    ],
    ['another base of logarithms', { sampling_algorithm: { type: 'random', logbase: 10 } }, 'logbase'],
    ['a bandit without slack', { early_termination: { type: 'bandit' } }, 'slack_factor'],
    [
      'a percentage of everything',
      { early_termination: { type: 'truncation_selection', truncation_percentage: 100 } },
      'truncation_percentage',
    ],
    ['an unknown policy', { early_termination: { type: 'hyperband' } }, 'early_termination'],
    [
      'a parameter that the command does not have',
      { trial: { command: 'echo ${{search_space.b}}' } },
      'search_space.b',
    ],
    [
      'a value that the component does not allow',
      { trial: { type: 'command', command: 'echo ${{inputs.a}}', inputs: { a: { type: 'integer', max: 1 } } } },
      'job.search_space.a',
    ],
  ])('refuses %s, naming the property', async (_what, more, says) => {
    const job = sweep({
      search_space: { a: { type: 'choice', values: [1, 2] } },
      trial: { command: 'echo ${{search_space.a}}' },
      ...more,
    })
    await expect(submitJob(server.client, job)).rejects.toSatisfy(
      error => error instanceof HaganeError && `${error.message} ${JSON.stringify(error.details)}`.includes(says),
    )
  })
})
