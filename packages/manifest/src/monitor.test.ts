import { describe, expect, test } from 'vitest'
import { memoryFiles } from './files.ts'
import { loadManifest } from './load-manifest.ts'
import { loadFrom, refusalOf } from './test-loading.ts'

const head = `$schema: http://azureml/sdk-2-0/Schedule.json
name: credit
trigger:
  type: recurrence
  frequency: day
  interval: 1
  schedule:
    hours: 3
    minutes: 15
create_monitor:
  compute: {instance_type: standard_e4s_v3, runtime_version: "3.4"}
  monitoring_target: {ml_task: classification, endpoint_deployment_id: azureml:credit-default:main}
`
const load = (text: string, more: Record<string, string> = {}) =>
  loadFrom('monitor', { 'main.yml': `${head}${text}`, ...more })

describe("Azure ML's schedule with create_monitor", () => {
  test('is a monitor wherever its kind is not said, or may be one of two', async () => {
    const request = { file: '/p/main.yml', files: memoryFiles({ '/p/main.yml': head }) }
    expect((await loadManifest(request)).kind).toBe('monitor')
    expect((await loadManifest({ ...request, kind: ['schedule', 'monitor'] })).kind).toBe('monitor')
  })

  test('is taken as it is, with a remark that it needs no Spark', async () => {
    const { resource, warnings } = await load(`  monitoring_signals:
    drift:
      type: data_drift
      reference_data:
        input_data: {path: azureml:credit-reference:1, type: mltable}
        data_context: training
        data_column_names: {target_column: DEFAULT_NEXT_MONTH}
      features: {top_n_feature_importance: 10}
      metric_thresholds:
        numerical: {jensen_shannon_distance: 0.01}
        categorical: {pearsons_chi_squared_test: 0.02}
    attribution:
      type: feature_attribution_drift
      metric_thresholds: {normalized_discounted_cumulative_gain: 0.9}
  alert_notification: {emails: [abc@example.com]}
`)
    expect(resource.trigger).toMatchObject({ schedule: { hours: 3, minutes: 15 } })
    expect(resource.create_monitor.monitoring_signals).toMatchObject({
      drift: { alert_enabled: true, metric_thresholds: { categorical: { pearsons_chi_squared_test: 0.02 } } },
    })
    expect(warnings).toMatchObject([{ property: 'create_monitor.compute', file: '/p/main.yml', line: 11 }])
  })

  test('uploads tables that lie beside it', async () => {
    const { uploads } = await load(
      `  monitoring_signals:
    drift:
      type: data_drift
      reference_data: {input_data: {path: train.csv, type: uri_file}}
    own:
      type: custom
      component_id: azureml:std:1
      input_data: {a: {input_data: {path: ./rows.csv, type: uri_file}}}
      metric_thresholds: [{metric_name: std_dev, threshold: 2}]
`,
      { 'train.csv': 'a\n1\n', 'rows.csv': 'a\n1\n' },
    )
    expect(uploads.map(upload => upload.pointer.slice(1).join('.'))).toEqual([
      'monitoring_signals.drift.reference_data.input_data.path',
      'monitoring_signals.own.input_data.a.input_data.path',
    ])
  })

  test('refuses a signal of a service of Azure by its name, with its line and the nearest way', async () => {
    const error = await refusalOf(
      load('  monitoring_signals:\n    judged:\n      type: generation_safety_quality\n      sampling_rate: 1\n'),
    )
    expect(error).toMatchObject({ kind: 'unsupported', hint: expect.stringContaining('custom') })
    expect(error.message).toContain(
      "main.yml:15:7: create_monitor.monitoring_signals.judged.type: 'generation_safety_quality'",
    )
    expect(error.message).toContain('Azure OpenAI')
  })

  test('names every mistake with its line', async () => {
    const { details } = await refusalOf(
      load(`  monitoring_signals:
    drift:
      type: data_drift
      metric_thresholds: {numerical: {jensen_shanon_distance: 0.01}}
      production_data: {data_window: {lookback_window_size: 7d}}
  alert_notification: {emails: [nobody]}
`),
    )
    expect(details?.map(({ property, line }) => [property, line])).toEqual([
      ['create_monitor.monitoring_signals.drift.production_data.data_window.lookback_window_size', 17],
      ['create_monitor.monitoring_signals.drift.metric_thresholds.numerical.jensen_shanon_distance', 16],
      ['create_monitor.alert_notification.emails.0', 18],
    ])
  })
})
