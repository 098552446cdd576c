import { batchSettingsOf } from '@hagane/contract'
import { describe, expect, test } from 'vitest'
import { loadFrom, refusalOf } from './test-loading.ts'

const files = { 'model/MLmodel': '', 'code/driver.py': '', 'data/a.csv': '' }
const head =
  'name: blue\nendpoint_name: scoring\nmodel: {name: m, path: model}\ncode_configuration: {code: code, scoring_script: driver.py}\n'
const load = (text: string, more = {}) => loadFrom('batch-deployment', { 'main.yml': text, ...files, ...more })

describe('a batch deployment', () => {
  test('has its settings below `settings`, or at the root as before there were types', async () => {
    const settings = 'mini_batch_size: 5\noutput_action: APPEND_ROW\nretry_settings: {max_retries: 1}\n'
    const below = settings.replace(/^/gm, '  ').trimEnd()
    const { resource, uploads } = await load(`${head}type: model\nsettings:\n${below}\n`)
    const { resource: older } = await load(`${head}${settings}`)
    const expected = { mini_batch_size: 5, output_action: 'append_row', retry_settings: { max_retries: 1 } }
    expect([batchSettingsOf(resource), batchSettingsOf(older)]).toEqual([expected, expected])
    expect(uploads.map(({ pointer }) => pointer.join('.'))).toEqual(['model.path', 'code_configuration.code'])
  })

  test('keeps the text of variables, and $NAME in them', async () => {
    const { resource } = await load(`${head}settings:\n  environment_variables: {RATE: 1e-3, BASE: $BASE, N: 5}\n`)
    expect(resource.settings?.environment_variables).toEqual({ RATE: '1e-3', BASE: '$BASE', N: 5 })
  })

  test('reads a pipeline component in its place, whose inputs come with each invocation', async () => {
    const component = 'type: pipeline\ninputs: {data: {type: uri_folder}}\njobs:\n  a: {command: ls, code: ../code}\n'
    const text = 'name: blue\ntype: pipeline\ncomponent: parts/pipeline.yml\nsettings: {default_compute: azureml:c}\n'
    const { resource, uploads } = await load(text, { 'parts/pipeline.yml': component })
    expect(resource).toMatchObject({
      type: 'pipeline',
      component: { type: 'pipeline', jobs: { a: { command: 'ls' } } },
    })
    expect(uploads.map(({ pointer, file }) => [pointer.join('.'), file])).toEqual([
      ['component.jobs.a.code', '/p/code'],
    ])
  })

  test.each([
    ['settings: {mini_batch_size: 0}', 'settings.mini_batch_size'],
    ['settings: {output_action: both}', 'settings.output_action'],
    ['settings: {output_file_name: ../up.csv}', 'settings.output_file_name'],
    ['settings: {mini_batches: 3}', 'settings.mini_batches'],
    ['error_threshold: -2', 'error_threshold'],
    ['type: online', 'type'],
  ])('refuses %s', async (line, property) => {
    const { details } = await refusalOf(load(`${head}${line}\n`))
    expect(details).toContainEqual(expect.objectContaining({ property, file: '/p/main.yml' }))
  })
})

test('an invocation has inputs and outputs as a job has', async () => {
  const text =
    'inputs:\n  data: {type: uri_folder, path: data}\n  mode: {type: string, default: append}\noutputs: {score: {name: scored}}\n'
  const { resource, uploads } = await loadFrom('batch-invocation', { 'main.yml': text, ...files })
  expect(resource).toMatchObject({
    inputs: { data: { path: '/p/data' }, mode: { default: 'append' } },
    outputs: { score: { name: 'scored' } },
  })
  expect(uploads.map(({ file }) => file)).toEqual(['/p/data'])
})
