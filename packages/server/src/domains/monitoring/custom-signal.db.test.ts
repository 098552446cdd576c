import { setTimeout as sleep } from 'node:timers/promises'
import { componentRoutes, type MonitorDefinition, type MonitorRun, monitorRoutes } from '@hagane/contract'
import { buildTestApp, MlflowApi, type TestApp } from '@hagane/testkit'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'

// a component is a job, and its table is read by a process of its own
vi.setConfig({ testTimeout: 240_000, hookTimeout: 120_000 })

const output = '${{outputs.signal_metrics}}'
const deviation = {
  ...{ type: 'command' as const, name: 'deviation', version: '1' },
  inputs: { std_dev_threshold: { type: 'number' as const }, group: { type: 'string' as const } },
  outputs: { signal_metrics: { type: 'mltable' as const } },
  command: `printf 'paths:\\n  - file: ./metrics.csv\\ntransformations:\\n  - read_delimited:\\n      delimiter: ","\\n' > ${output}/MLTable && printf 'group,metric_name,metric_value,threshold_value,group_pivot\\n%s,std_dev,3,,\\n%s,limit,%s,,\\n' \${{inputs.group}} \${{inputs.group}} \${{inputs.std_dev_threshold}} > ${output}/metrics.csv`,
}

const prepared = '${{outputs.preprocessed_input_data}}'
const prepare = {
  ...{ type: 'command' as const, name: 'prepare', version: '1' },
  inputs: {
    data_window_start: { type: 'string' as const },
    data_window_end: { type: 'string' as const },
    input_data: { type: 'mltable' as const },
  },
  outputs: { preprocessed_input_data: { type: 'mltable' as const } },
  command: `test -f \${{inputs.input_data}}/MLTable && cd ${prepared} && printf 'paths:\\n  - file: ./rows.csv\\ntransformations:\\n  - read_delimited:\\n      delimiter: ","\\n' > MLTable && { echo x,since; for x in $(seq 40); do echo $x,s\${{inputs.data_window_start}}; done; } > rows.csv`,
}

let app: TestApp
beforeAll(async () => {
  app = await buildTestApp({})
  await app.client.call(componentRoutes.create, { body: deviation })
  await app.client.call(componentRoutes.create, { body: prepare })
})
afterAll(() => app[Symbol.asyncDispose]())

async function judged(name: string, create_monitor: MonitorDefinition) {
  const trigger = { type: 'recurrence' as const, frequency: 'day' as const, interval: 7, time_zone: 'UTC' }
  await app.client.call(monitorRoutes.create, { body: { monitor: { name, trigger, create_monitor } } })
  const params = { name }
  let run: MonitorRun = await app.client.call(monitorRoutes.run, { params, body: {} })
  while (run.finished_at === undefined) {
    await sleep(100)
    run = await app.client.call(monitorRoutes.results, { params: { name, run: run.name } })
  }
  return app.client.call(monitorRoutes.results, { params: { name, run: run.name } })
}
const custom = (more: object) => ({
  monitoring_signals: {
    spread: {
      ...{ type: 'custom' as const, alert_enabled: true, component_id: 'azureml:deviation:1' },
      metric_thresholds: [{ metric_name: 'std_dev', threshold: 2 }],
      ...more,
    },
  },
})

it("a component judges by Azure ML's columns, with the thresholds of the signal", async () => {
  const run = await judged('custom', custom({ inputs: { group: 'AGE' } }))
  expect(run.results[0]).toMatchObject({ status: 'breached', job: expect.stringContaining('custom-') })
  expect(run.results[0]?.findings).toEqual([
    { signal: 'spread', feature: 'AGE', metric: 'std_dev', value: 3, threshold: 2, breached: true },
    { signal: 'spread', feature: 'AGE', metric: 'limit', value: 2, breached: false },
  ])
  const { items } = await app.client.call(monitorRoutes.findings, { params: { name: 'custom' } })
  expect(items).toMatchObject([{ feature: 'AGE', metric: 'std_dev', run: run.name }])
})

it('a component prepares production and reference, each for its window', async () => {
  const { results } = await judged('made', custom({ inputs: { group: 'AGE' } }))
  const data = {
    input_data: { path: `azureml://jobs/${results[0]?.job}/outputs/signal_metrics`, type: 'mltable' as const },
    pre_processing_component: 'azureml:prepare:1',
  }
  const run = await judged('prepared', {
    monitoring_signals: {
      drift: {
        ...{ type: 'data_drift', alert_enabled: true, production_data: data },
        reference_data: { ...data, data_window: { lookback_window_size: 'P30D' } },
      },
    },
  })
  expect(run.results[0]).toMatchObject({ status: 'breached', rows: 40, reference_rows: 40 })
  const breached = run.results[0]?.findings.filter(finding => finding.breached)
  expect(breached?.map(({ feature }) => feature)).toEqual(['since'])
})

it('a component that is not there, or does not end well, is told', async () => {
  const gone = await judged('gone', custom({ component_id: 'azureml:nothing:1' }))
  expect(gone.results[0]).toMatchObject({ status: 'not_judged', reason: expect.stringContaining('nothing') })
  const without = await judged('without', custom({}))
  expect(without.results[0]).toMatchObject({ status: 'not_judged', reason: expect.stringContaining('group') })
})

it('what was measured is drawn by any MLflow client: a run for each monitor, a point for each window', async () => {
  const mlflow = new MlflowApi(app.url)
  const found = await mlflow.request('GET', '/api/2.0/mlflow/experiments/get-by-name?experiment_name=monitors')
  const { experiment_id } = found.body.experiment as { experiment_id: string }
  const { body } = await mlflow.request('POST', '/api/2.0/mlflow/runs/search', { experiment_ids: [experiment_id] })
  const runs = body.runs as {
    info: { run_name: string }
    data: { metrics: { key: string; value: number; step: number }[] }
  }[]
  const monitors = runs.find(run => run.info.run_name === 'custom')
  expect(monitors?.data.metrics).toContainEqual(
    expect.objectContaining({ key: 'spread/AGE/std_dev', value: 3, step: 1 }),
  )
})
