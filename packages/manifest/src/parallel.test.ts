import { expect, test } from 'vitest'
import { diagnosticText } from './problems.ts'
import { loadFrom } from './test-loading.ts'

const node = (more = '', task = '') => `type: pipeline
jobs:
  score:
    type: parallel
    inputs:
      data: {type: uri_folder, path: ./data}
    outputs:
      rows: {type: uri_file}
    input_data: \${{inputs.data}}
    mini_batch_size: "10"
    environment_variables: {RATE: 1e-3}
    task:
      type: run_function
      code: ./src
      entry_script: entry.py
      environment: {image: python, conda_file: ./env/conda.yml}
      program_arguments: --rate \${{inputs.data}}
      append_row_to: \${{outputs.rows}}
${task}${more}`
const files = { 'data/a': '', 'src/entry.py': '', 'env/conda.yml': 'dependencies: [python=3.11]', 'model/MLmodel': '' }

test('a parallel step: its code and data are uploaded, its conda file read, numbers keep their text', async () => {
  const { resource, uploads, warnings } = await loadFrom('job', { 'main.yml': node(), ...files })
  expect(uploads.map(({ file, purpose }) => [file, purpose]).sort()).toEqual([
    ['/p/data', 'data'],
    ['/p/src', 'code'],
  ])
  expect(warnings).toEqual([])
  expect(resource).toMatchObject({
    jobs: {
      score: {
        environment_variables: { RATE: '1e-3' },
        task: { environment: { conda_file: { dependencies: ['python=3.11'] } } },
      },
    },
  })
})

test('a parallel component in a file: paths are relative to it, the node is what its component is', async () => {
  const { resource, uploads } = await loadFrom('job', {
    'main.yml': 'type: pipeline\njobs:\n  score:\n    component: ./c/c.yml\n    inputs: {data: {path: ./data}}\n',
    'c/c.yml': `type: parallel
name: c
inputs: {data: {type: uri_folder}}
input_data: \${{inputs.data}}
task: {type: model, model: ../model, environment: azureml:e:1}
`,
    ...files,
  })
  expect(uploads.map(({ file, purpose }) => [file, purpose]).sort()).toEqual([
    ['/p/data', 'data'],
    ['/p/model', 'model'],
  ])
  expect(resource).toMatchObject({ jobs: { score: { type: 'parallel' } } })
})

test.each([
  [
    node().replace('${{inputs.data}}\n    mini', '${{inputs.dada}}\n    mini'),
    /9:\d+: .*input_data.*did you mean 'data'/,
  ],
  [
    node().replace('${{outputs.rows}}', 'azureml://datastores/x/paths/y'),
    /append_row_to.*names no output of this step/,
  ],
  [
    node().replace('--rate ${{inputs.data}}', '--rate ${{inputs.none}}'),
    /task.program_arguments: \$\{\{inputs.none\}\}/,
  ],
  [node().replace('    input_data: ${{inputs.data}}\n', ''), /missing required property 'input_data'/],
  [node().replace('      entry_script: entry.py\n', ''), /entry_script/],
  [node('    mini_batch_sise: 3\n'), /mini_batch_sise/],
])('a slip is named with its place (%#)', async (text, says) => {
  const loading = loadFrom('job', { 'main.yml': text, ...files })
  const error = await loading.then(
    () => undefined,
    (cause: unknown) => cause as { message: string; details?: Parameters<typeof diagnosticText>[0][] },
  )
  expect([error?.message, ...(error?.details ?? []).map(diagnosticText)].join('\n')).toMatch(says)
})
