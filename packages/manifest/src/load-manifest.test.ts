import { expect, test } from 'vitest'
import { memoryFiles } from './files.ts'
import { loadManifest } from './load-manifest.ts'
import { withUploads } from './local-upload.ts'
import { loadFrom, refusalOf } from './test-loading.ts'

test('a command job gets its type and keeps references as they are', async () => {
  const { resource, uploads, directory } = await loadFrom('job', {
    'main.yml': `
$schema: https://azuremlschemas.azureedge.net/latest/commandJob.schema.json
command: echo \${{inputs.data}}
environment: azureml://registries/azureml/environments/sklearn-1.5/labels/latest
compute: azureml:cpu-cluster
inputs:
  data: {type: uri_file, path: "https://example.org/iris.csv"}
  stored: {path: azureml://datastores/workspaceblobstore/paths/example-data/}
  blob: {path: "wasbs://data@example.blob.core.windows.net/a.csv"}
  asset: {path: azureml:iris@latest}
`,
  })
  expect(resource).toMatchObject({
    type: 'command',
    environment: 'azureml://registries/azureml/environments/sklearn-1.5/labels/latest',
    inputs: { asset: { path: 'azureml:iris@latest' }, data: { path: 'https://example.org/iris.csv' } },
  })
  expect(uploads).toEqual([])
  expect(directory).toBe('/p')
})

test('local code, data and build folders are noted for upload, relative to the file', async () => {
  const { resource, uploads } = await loadFrom('job', {
    'main.yml': `
command: ls
code: ../shared/src
environment: {build: {path: docker}}
inputs:
  table: {path: file:data/iris.csv}
  folder: {path: ./data}
  model: {type: mlflow_model, path: model}
`,
    '../shared/src/train.py': '',
    'data/iris.csv': '',
    'docker/Dockerfile': '',
    'model/MLmodel': '',
  })
  expect(uploads).toEqual([
    { pointer: ['inputs', 'table', 'path'], file: '/p/data/iris.csv', as: 'file', purpose: 'data' },
    { pointer: ['inputs', 'folder', 'path'], file: '/p/data', as: 'folder', purpose: 'data' },
    { pointer: ['inputs', 'model', 'path'], file: '/p/model', as: 'folder', purpose: 'model' },
    { pointer: ['code'], file: '/shared/src', as: 'folder', purpose: 'code' },
    { pointer: ['environment', 'build', 'path'], file: '/p/docker', as: 'folder', purpose: 'environment-build' },
  ])
  expect(resource).toMatchObject({
    inputs: { table: { type: 'uri_file' }, folder: { type: 'uri_folder' }, model: { type: 'mlflow_model' } },
  })
})

test('withUploads puts the references at the pointers and leaves the resource alone', async () => {
  const { resource, uploads } = await loadFrom('job', { 'main.yml': 'command: ls\ncode: train.py', 'train.py': '' })
  const uri = `hagane://trees/${'a'.repeat(64)}/train.py`
  const sent = withUploads(
    resource,
    uploads.map(({ pointer }) => ({ pointer, uri })),
  )
  expect(sent).toMatchObject({ type: 'command', code: uri })
  expect(resource).toMatchObject({ code: '/p/train.py' })
})

test('code may be one file, and inputs of every file are relative to the file that holds them', async () => {
  const { resource, uploads } = await loadFrom('job', {
    'main.yml': `
type: pipeline
jobs:
  inner: {type: pipeline, component: "file:parts/pipeline.yml"}
  last: {component: parts/train/train.yml}
`,
    'parts/pipeline.yml': 'type: pipeline\njobs:\n  train: {component: train/train.yml}\n',
    'parts/train/train.yml': 'name: train\ncommand: python train.py\ncode: ./train.py\nenvironment: ../env.yml',
    'parts/train/train.py': '',
    'parts/env.yml': 'image: debian\nconda_file: conda/conda.yml',
    'parts/conda/conda.yml': 'dependencies:\n  - python=3.11\n  - pip:\n    - --extra-index-url https://example.org\n',
  })
  expect(uploads.map(({ pointer, file, as }) => [pointer.join('.'), file, as])).toEqual([
    ['jobs.inner.component.jobs.train.component.code', '/p/parts/train/train.py', 'file'],
    ['jobs.last.component.code', '/p/parts/train/train.py', 'file'],
  ])
  expect(resource).toMatchObject({
    jobs: {
      inner: { component: { type: 'pipeline', jobs: { train: { type: 'command' } } } },
      last: {
        type: 'command',
        component: {
          type: 'command',
          environment: { conda_file: { dependencies: ['python=3.11', { pip: [expect.any(String)] }] } },
        },
      },
    },
  })
})

test('additional includes travel with the code and leave the resource', async () => {
  const { resource, uploads } = await loadFrom('component', {
    'main.yml': 'name: c\ncommand: python a.py\ncode: src\nadditional_includes: [../lib, helper.py, big.zip]',
    'src/a.py': '',
    '../lib/b.py': '',
    'helper.py': '',
    'big/one.txt': '',
  })
  expect(uploads).toEqual([
    {
      pointer: ['code'],
      file: '/p/src',
      as: 'folder',
      purpose: 'code',
      additionalIncludes: ['/lib', '/p/helper.py', '/p/big.zip'],
    },
  ])
  expect(resource).not.toHaveProperty('additional_includes')
})

test('additional includes without code, or that are not there, are refused', async () => {
  const loose = await refusalOf(
    loadFrom('component', { 'main.yml': 'name: c\ncommand: ls\nadditional_includes: [a]', 'a/b': '' }),
  )
  expect(loose.details).toMatchObject([
    { property: 'additional_includes', line: 3, hint: expect.stringContaining('code') },
  ])
  const missing = await refusalOf(
    loadFrom('component', { 'main.yml': 'name: c\ncommand: ls\ncode: .\nadditional_includes: [nowhere]' }),
  )
  expect(missing.details).toMatchObject([{ property: 'additional_includes', sent: 'nowhere' }])
})

test('git and remote code is left to the server', async () => {
  const { uploads, resource } = await loadFrom('job', {
    'main.yml': 'command: ls\ncode: git+https://example.org/repo.git',
  })
  expect(uploads).toEqual([])
  expect(resource).toMatchObject({ code: 'git+https://example.org/repo.git' })
})

test('a component by reference or with its own keys stays where it is', async () => {
  const { resource, uploads } = await loadFrom('job', {
    'main.yml': `
type: pipeline
jobs:
  registered: {component: "azureml:train@latest", inputs: {anything: 1}}
  inline:
    component: {code: ., command: echo hi, environment: "azureml:env:1"}
`,
  })
  expect(resource).toMatchObject({
    jobs: {
      registered: { component: 'azureml:train@latest', inputs: { anything: 1 } },
      inline: { type: 'command', component: { type: 'command' } },
    },
  })
  expect(uploads).toMatchObject([{ pointer: ['jobs', 'inline', 'component', 'code'], file: '/p', as: 'folder' }])
})

test('a plain text for a data input of a component is its path', async () => {
  const { resource, uploads } = await loadFrom('job', {
    'main.yml': 'type: pipeline\njobs:\n  a: {component: ./c.yml, inputs: {data: ./data, text: ./data}}',
    'c.yml': 'name: c\ncommand: ls\ninputs: {data: {type: uri_folder}, text: {type: string}}',
    'data/a.csv': '',
  })
  expect(uploads).toMatchObject([{ pointer: ['jobs', 'a', 'inputs', 'data', 'path'], file: '/p/data' }])
  expect(resource).toMatchObject({ jobs: { a: { inputs: { data: { type: 'uri_folder' }, text: './data' } } } })
})

test('a sweep reads its trial and requirement texts are read in their place', async () => {
  const { resource, uploads } = await loadFrom('job', {
    'main.yml': `
type: sweep
trial: file:./train.yml
sampling_algorithm: random
search_space: {lr: {type: uniform, min_value: 0.1, max_value: 1}}
objective: {goal: minimize, primary_metric: loss}
`,
    'train.yml': `
name: t
command: python t.py \${{search_space.lr}}
code: src
environment: {image: debian, pip_requirements: requirements.txt}
`,
    'src/t.py': '',
    'requirements.txt': 'pandas\n',
  })
  expect(uploads).toMatchObject([{ pointer: ['trial', 'code'], file: '/p/src' }])
  expect(resource).toMatchObject({ trial: { type: 'command', environment: { pip_requirements: 'pandas\n' } } })
})

test('data assets take their type from what the path is', async () => {
  const file = await loadFrom('data', { 'main.yml': 'name: d\npath: a.csv', 'a.csv': '' })
  expect(file.resource.type).toBe('uri_file')
  const folder = await loadFrom('data', { 'main.yml': 'name: d\npath: ./x', 'x/a.csv': '' })
  expect(folder.resource.type).toBe('uri_folder')
  const remote = await loadFrom('data', { 'main.yml': 'name: d\npath: https://example.org/a.csv' })
  expect(remote.resource.type).toBe('uri_folder')
  const wrong = await refusalOf(loadFrom('data', { 'main.yml': 'name: d\ntype: mltable\npath: a.csv', 'a.csv': '' }))
  expect(wrong.details).toMatchObject([{ property: 'type', line: 2, sent: 'mltable', allowed: ['uri_file'] }])
})

test('models default to custom_model and are uploaded', async () => {
  const { resource, uploads } = await loadFrom('model', { 'main.yml': 'name: m\nversion: 3\npath: .' })
  expect(resource).toMatchObject({ type: 'custom_model', version: '3', path: '/p' })
  expect(uploads).toEqual([{ pointer: ['path'], file: '/p', as: 'folder', purpose: 'model' }])
})

test('an online deployment uploads model and code and reads its conda file', async () => {
  const { resource, uploads } = await loadFrom('online-deployment', {
    'main.yml': `
name: blue
endpoint_name: e
model: {path: ../model-1/model/}
code_configuration: {code: ../model-1/onlinescoring/, scoring_script: score.py}
environment: {image: debian, conda_file: conda.yaml}
environment_variables: {A: 1.0, B: "x"}
instance_count: 2
`,
    '../model-1/model/m.pkl': '',
    '../model-1/onlinescoring/score.py': '',
    'conda.yaml': 'dependencies: [python=3.12]',
  })
  expect(uploads).toMatchObject([
    { pointer: ['model', 'path'], file: '/model-1/model', as: 'folder', purpose: 'model' },
    { pointer: ['code_configuration', 'code'], file: '/model-1/onlinescoring', as: 'folder', purpose: 'code' },
  ])
  expect(resource).toMatchObject({
    environment: { conda_file: { dependencies: ['python=3.12'] } },
    environment_variables: { A: '1.0' },
    instance_count: 2,
  })
})

test('a deployment may name a model file, and references to registered ones stay', async () => {
  const inline = await loadFrom('online-deployment', {
    'main.yml': 'name: b\nendpoint_name: e\nmodel: file:../models/model.yml',
    '../models/model.yml': 'name: m\nversion: 01\npath: model',
    '../models/model/a': '',
  })
  expect(inline.resource.model).toMatchObject({ name: 'm', version: '1', path: '/models/model' })
  const registered = await loadFrom('online-deployment', {
    'main.yml': 'name: b\nendpoint_name: e\nmodel: azureml:m@latest\nenvironment: azureml:env:1',
  })
  expect(registered.resource).toMatchObject({ model: 'azureml:m@latest', environment: 'azureml:env:1' })
})

test('endpoints, workspaces, datastores and computes are read as they are', async () => {
  const endpoint = await loadFrom('online-endpoint', { 'main.yml': 'name: e\nauth_mode: Key' })
  expect(endpoint.resource).toMatchObject({ name: 'e', auth_mode: 'key' })
  const workspace = await loadFrom('workspace', { 'main.yml': 'name: w\ntags: {a: 1.0}' })
  expect(workspace.resource).toMatchObject({ name: 'w', tags: { a: '1.0' } })
  const datastore = await loadFrom('datastore', {
    'main.yml': 'name: d\ntype: azure_blob\naccount_name: account\ncontainer_name: box\nprotocol: https',
  })
  expect(datastore.resource).toMatchObject({ type: 'azure_blob', protocol: 'https' })
  const compute = await loadFrom('compute', { 'main.yml': 'name: c\ntype: amlcompute\nmax_instances: 4' })
  expect(compute.resource).toMatchObject({ max_instances: 4 })
})

test('flags win over the file and can stand without one', async () => {
  const over = await loadFrom(
    'data',
    { 'main.yml': 'name: a\npath: https://example.org/a' },
    { overrides: { name: 'b', version: '2', description: undefined }, set: ['name=c'] },
  )
  expect(over.resource).toMatchObject({ name: 'b', version: '2' })
  const bare = await loadManifest({
    kind: 'model',
    directory: '/p',
    overrides: { name: 'm', path: 'weights', type: 'mlflow_model' },
    files: memoryFiles({ '/p/weights/MLmodel': '' }),
  })
  expect(bare.uploads).toMatchObject([{ file: '/p/weights', purpose: 'model' }])
  expect(bare.resource).toMatchObject({ name: 'm', type: 'mlflow_model' })
})

test('a flag that is wrong is blamed on the command line, not on the file', async () => {
  const error = await refusalOf(
    loadFrom('data', { 'main.yml': 'path: https://example.org/a' }, { overrides: { name: 'a/b' } }),
  )
  expect(error.details).toMatchObject([{ file: 'command line', property: 'name', sent: 'a/b' }])
})

test('without a kind the manifest says what it is, or is refused', async () => {
  const files = memoryFiles({
    '/a.yml': 'name: d\ntype: mltable\npath: https://example.org/',
    '/b.yml': '$schema: https://azuremlschemas.azureedge.net/latest/featureSet.schema.json\nname: s',
  })
  expect((await loadManifest({ file: '/a.yml', files })).kind).toBe('data')
  const error = await refusalOf(loadManifest({ file: '/b.yml', files }))
  expect(error.message).toContain("kind 'featureSet'")
  expect(error.details?.[0]?.allowed).toContain('job')
})
