import { buildTestApp, type TestApp } from '@hagane/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { folderWith } from '../../packages/cli/src/testing/files.ts'
import { runCli } from '../../packages/cli/src/testing/run-cli.ts'

let app: TestApp
let cwd: string

const rows = (from: number): string =>
  ['x,carrier', ...Array.from({ length: 200 }, (_, n) => `${((n * 37) % 101) + from},${n % 2 ? 'AA' : 'UA'}`)].join(
    '\n',
  )
const table = (name: string): string => `name: ${name}\nversion: 1\ntype: uri_file\npath: ./${name}.csv\n`
const monitor = (signals: string, more = ''): string => `$schema: http://azureml/sdk-2-0/Schedule.json
name: watch
trigger: {type: recurrence, frequency: day, interval: 1}
create_monitor:
  compute: {instance_type: standard_e4s_v3, runtime_version: "3.4"}
${more}  monitoring_signals:
${signals}
`
const drift = `    drift:
      type: data_drift
      production_data: {input_data: {path: azureml:now:1, type: uri_file}, data_context: model_inputs}
      reference_data: {input_data: {path: azureml:then:1, type: uri_file}, data_context: training}`

beforeAll(async () => {
  app = await buildTestApp()
  cwd = folderWith({
    'then.csv': rows(0),
    'now.csv': rows(500),
    'then.yml': table('then'),
    'now.yml': table('now'),
    'monitor.yml': monitor(drift),
  })
  for (const name of ['then', 'now']) await hagane('data', 'create', '-f', `${name}.yml`)
})
afterAll(() => app[Symbol.asyncDispose]())

async function said(...args: string[]) {
  const ran = await runCli(args, { cwd, env: { HAGANE_URL: app.url } })
  expect(ran.err).not.toMatch(/\n {4}at /)
  return ran
}
async function hagane(...args: string[]) {
  const { code, out, err } = await said(...args)
  expect({ args, code, err: code === 0 ? '' : err }).toEqual({ args, code: 0, err: '' })
  return out.trim() === '' || !/^[[{]/.test(out) ? out : JSON.parse(out)
}

describe('a monitor from the command line', () => {
  it('is made, judged, read, switched, changed and deleted, also as the schedule that it is', async () => {
    const made = await hagane('schedule', 'create', '-f', 'monitor.yml')
    expect(made).toMatchObject({ name: 'watch', is_enabled: true, create_monitor: expect.anything() })
    expect(await hagane('monitor', 'run', '-n', 'watch')).toMatchObject({ status: 'Completed', result: 'breached' })
    const first = await hagane('monitor', 'run', '-n', 'watch', '--time', '2026-05-01T14:00:00Z')
    expect(first.name).toBe('watch-20260501T140000Z')
    expect(await hagane('monitor', 'runs', '-n', 'watch')).toHaveLength(2)
    const found = await hagane('monitor', 'findings', '-n', 'watch')
    expect(found).toMatchObject([{ feature: 'x', metric: 'normalized_wasserstein_distance', breached: true }])
    expect(await hagane('monitor', 'results', '-n', 'watch', '-o', 'table')).toContain('jensen_shannon_distance')
    expect(await hagane('monitor', 'results', '-n', 'watch', '--run', first.name, '--signal', 'nothing')).toEqual([])
    expect(await hagane('monitor', 'show', '-n', 'watch')).toMatchObject({
      open_findings: 1,
      last_run: { name: first.name },
    })
    expect(await hagane('schedule', 'disable', '-n', 'watch')).toMatchObject({ is_enabled: false })
    expect(await hagane('monitor', 'list')).toEqual([])
    expect(await hagane('schedule', 'list', '--include-disabled')).toMatchObject([{ name: 'watch' }])
    expect(await hagane('monitor', 'enable', '-n', 'watch')).toMatchObject({ is_enabled: true })
    const changed = await hagane('monitor', 'update', '-n', 'watch', '--set', 'trigger.frequency=hour')
    expect(changed).toMatchObject({ trigger: { frequency: 'hour' }, open_findings: 1 })
    expect(await hagane('schedule', 'show', '-n', 'watch')).toMatchObject({
      name: 'watch',
      last_run: { run: first.name },
    })
    await hagane('schedule', 'delete', '-n', 'watch', '--yes')
    expect((await said('monitor', 'show', '-n', 'watch')).err).toContain("'watch'")
  })

  it('warns at the place of what is not there yet', async () => {
    cwd = folderWith({
      'monitor.yml': monitor(
        '    drift:\n      type: data_drift\n      reference_data: {input_data: {path: azureml:gone:7, type: mltable}}',
        '  monitoring_target: {endpoint_deployment_id: azureml:no:body}\n',
      ),
    })
    const { code, err } = await said('monitor', 'create', '-f', 'monitor.yml')
    expect(code).toBe(0)
    expect(err).toContain('warning: monitor.yml:6:23: create_monitor.monitoring_target.endpoint_deployment_id')
    expect(err).toContain('there is no deployment body at endpoint no')
    expect(err).toMatch(/warning: monitor\.yml:10:\d+: .*reference_data\.input_data\.path: .*gone/)
    expect(await hagane('monitor', 'run', '-n', 'watch')).toMatchObject({ result: 'not_judged' })
  })
})

describe('a monitor that cannot be', () => {
  it.each([
    ['an unknown signal', '    s: {type: data_drif}', /monitor\.yml:7:\d+: .*monitoring_signals\.s.*/, /data_drift/],
    [
      'an unknown metric',
      '    s: {type: data_drift, metric_thresholds: {numerical: {jensen: 1}}}',
      /7:\d+.*jensen/,
      /jensen_shannon_distance/,
    ],
    [
      'a threshold in words',
      '    s: {type: data_quality, metric_thresholds: {numerical: {null_value_rate: few}}}',
      /7:\d+.*null_value_rate/,
      /few/,
    ],
    [
      'a property that is none',
      '    s: {type: data_drift, reference_dat: {}}',
      /7:\d+.*reference_dat/,
      /reference_data/,
    ],
    [
      'a window that is none',
      '    s: {type: data_drift, production_data: {data_window: {lookback_window_size: week}}}',
      /7:\d+.*lookback_window_size/,
      /ISO 8601|P7D|duration/i,
    ],
    [
      'a segment without values',
      '    s: {type: data_drift, data_segment: {feature_name: a, feature_values: []}}',
      /7:\d+.*feature_values/,
      /./,
    ],
    ['nothing to look at', '    s: {type: data_drift}', /s: it is not said what to look at/, /endpoint_deployment_id/],
    [
      'a signal of Azure OpenAI',
      '    s: {type: generation_safety_quality}',
      /'generation_safety_quality' is not judged here/,
      /Azure OpenAI/,
    ],
  ])('%s is refused by its place, with what is allowed', async (_, signals, place, allowed) => {
    cwd = folderWith({ 'monitor.yml': monitor(signals) })
    for (const noun of ['monitor', 'schedule']) {
      const { code, err } = await said(noun, 'create', '-f', 'monitor.yml')
      expect(code).toBe(1)
      expect(err).toMatch(place)
      expect(err).toMatch(allowed)
    }
  })

  it('is told of its name, its time and its file', async () => {
    expect((await said('monitor', 'run', '-n', 'nobody')).err).toContain("'nobody'")
    expect((await said('monitor', 'run', '-n', 'watch', '--time', 'soon')).err).toContain('time')
    expect((await said('monitor', 'results', '-n', 'watch', '--run', 'x')).err).toContain("no run 'x'")
    expect((await said('monitor', 'create', '-f', 'nowhere.yml')).err).toContain('nowhere.yml')
    cwd = folderWith({ 'monitor.yml': 'name: [a\n' })
    expect((await said('monitor', 'create', '-f', 'monitor.yml')).err).toContain('monitor.yml:')
  })
})
