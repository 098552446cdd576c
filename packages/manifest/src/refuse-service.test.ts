import { describe, expect, test } from 'vitest'
import { loadFrom, refusalOf } from './test-loading.ts'

const automl =
  'type: automl\ntask: classification\ntraining_data: {type: mltable, path: ./t}\nprimary_metric: accuracy\n'
const spark = 'type: spark\ncode: .\nentry: {file: main.py}\nargs: --x ${{inputs.x}}\nconf: {spark.driver.cores: 1}\n'
const jobs: [string, string, RegExp][] = [
  ['automl', automl, /sweep job/],
  ['spark', spark, /spark-submit/],
  [
    'finetuning',
    'type: finetuning\ntask: chat\nmodel: {type: mlflow_model, path: x}\ntraining_data: x\n',
    /command job/,
  ],
  [
    'distillation',
    'type: distillation\ndata_generation_type: label_generation\ndata_generation_task_type: nli\nstudent_model: m\nteacher_model_endpoint_connection: {type: serverless, endpoint: x}\ntraining_data: {path: t}\n',
    /two command steps/,
  ],
  ['import', 'type: import\nsource: {type: database, connection: azureml:c, query: select 1}\n', /command step/],
]

describe('a service of Azure ML', () => {
  test.each(jobs)('%s is refused with the reason and the nearest way, where it stands', async (type, text, way) => {
    const error = await refusalOf(loadFrom('job', { 'main.yml': text }))
    expect(error).toMatchObject({ kind: 'unsupported', details: [{ property: 'type', line: 1, sent: type }] })
    expect(error.hint).toMatch(way)
    const step = text.replace(/^/gm, '    ').trimEnd()
    const inside = await refusalOf(loadFrom('job', { 'main.yml': `type: pipeline\njobs:\n  a:\n${step}\n` }))
    expect(inside).toMatchObject({ kind: 'unsupported', details: [{ property: 'jobs.a.type', line: 4 }] })
  })

  test('spark is refused in a component, also one that a step names', async () => {
    const component = `name: c\nversion: 1\n${spark}`
    expect(await refusalOf(loadFrom('component', { 'main.yml': component }))).toMatchObject({ kind: 'unsupported' })
    const step = 'type: pipeline\njobs:\n  a: {type: spark, component: ./c.yml}\n'
    expect(await refusalOf(loadFrom('job', { 'main.yml': step, 'c.yml': component }))).toMatchObject({
      kind: 'unsupported',
    })
  })

  test('is told what is wrong with it first, under the names of the whole manifest', async () => {
    const bad = automl.replace('classification', 'clasification').replace('primary_metric', 'primry_metric')
    const step = bad.replace(/^/gm, '    ').trimEnd()
    const error = await refusalOf(loadFrom('job', { 'main.yml': `type: pipeline\njobs:\n  a:\n${step}\n` }))
    expect(error.kind).toBe('invalid')
    expect(error.details).toMatchObject([
      { property: 'jobs.a.task', line: 5, message: expect.stringContaining("did you mean 'classification'") },
      { property: 'jobs.a.primry_metric', line: 7, hint: 'write primary_metric' },
    ])
  })
})
