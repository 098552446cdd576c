import { expect, test } from 'vitest'
import { diagnosticText } from './problems.ts'
import { loadFrom } from './test-loading.ts'

const jobs = (body: string) => `type: pipeline\njobs:\n${body}`

test('an input that the component does not declare is left out with a warning', async () => {
  const { resource, warnings, uploads } = await loadFrom('job', {
    'main.yml': jobs('  a:\n    component: ./c.yml\n    inputs:\n      a: 1\n      split: {path: ./data}\n'),
    'c.yml': 'name: c\ncommand: ls\ninputs: {a: {type: integer}}',
    'data/x': '',
  })
  expect(resource).toMatchObject({ jobs: { a: { inputs: { a: 1 } } } })
  expect(resource).not.toHaveProperty('jobs.a.inputs.split')
  expect(uploads).toEqual([])
  expect(warnings).toMatchObject([{ file: '/p/main.yml', line: 7, property: 'jobs.a.inputs.split' }])
})

test('an unknown setting is told with what was probably meant', async () => {
  const { warnings, resource } = await loadFrom('job', {
    'main.yml': `settings:\n  default_datestore: azureml:x\n  custom: 1\n${jobs('  a: {command: ls}')}`,
  })
  expect(resource).toMatchObject({ settings: { default_datestore: 'azureml:x' } })
  expect(warnings.map(diagnosticText)).toEqual([
    "/p/main.yml:2:3: settings.default_datestore: unknown property 'default_datestore' has no effect; did you mean 'default_datastore'?",
  ])
})

test('another data type than declared is taken as given, with a warning', async () => {
  const { warnings, resource } = await loadFrom('job', {
    'main.yml': jobs('  a: {component: ./c.yml, inputs: {d: {type: uri_file, path: "https://example.org/a.csv"}}}'),
    'c.yml': 'name: c\ncommand: ls\ninputs: {d: {type: uri_folder}}',
  })
  expect(resource).toMatchObject({ jobs: { a: { inputs: { d: { type: 'uri_file' } } } } })
  expect(warnings).toMatchObject([{ property: 'jobs.a.inputs.d', message: expect.stringContaining('uri_folder') }])
})

test('a local file for a folder input is taken with a warning', async () => {
  const { warnings, resource } = await loadFrom('job', {
    'main.yml': 'command: ls\ninputs: {d: {type: uri_folder, path: a.csv}}',
    'a.csv': '',
  })
  expect(resource).toMatchObject({ inputs: { d: { type: 'uri_folder' } } })
  expect(warnings).toMatchObject([{ property: 'inputs.d.path' }])
})

test('literals of another type than declared are taken', async () => {
  const { warnings } = await loadFrom('job', {
    'main.yml': jobs('  a: {component: ./c.yml, inputs: {flag: "True", size: 224}}'),
    'c.yml': 'name: c\ncommand: ls\ninputs: {flag: {type: boolean}, size: {type: string, default: True}}',
  })
  expect(warnings).toEqual([])
})

test('inputs named type and path beside others are inputs', async () => {
  const { resource } = await loadFrom('job', {
    'main.yml': 'command: echo ${{inputs.type}}\ninputs:\n  type: uri_file\n  iris_csv: https://example.org/iris.csv\n',
  })
  expect(resource).toMatchObject({ inputs: { type: 'uri_file', iris_csv: 'https://example.org/iris.csv' } })
})

test('nodes without a type are commands or what their component is', async () => {
  const { resource } = await loadFrom('job', {
    'main.yml': jobs('  a: {command: ls}\n  b: {component: ./p.yml}\n  c: {type: command, component: ./p.yml}\n'),
    'p.yml': 'type: pipeline\njobs: {x: {command: ls}}',
  })
  expect(resource).toMatchObject({ jobs: { a: { type: 'command' }, b: { type: 'pipeline' }, c: { type: 'pipeline' } } })
})

test('empty specifications, empty tags, mount mode, services and identity are taken', async () => {
  const { warnings } = await loadFrom('job', {
    'main.yml': `
command: ls
tags: {}
outputs: {o: }
inputs: {i: {path: "azureml:d:1", mode: mount}}
environment: {name: e, version: 3, image: debian}
services: {code: {type: vs_code}}
identity: {type: user_identity}
resources: {instance_count: 2, instance_type: Standard_D2, properties: {x: 1}}
`,
  })
  expect(warnings).toEqual([])
})

test('an optional block without an expression is told and kept', async () => {
  const { warnings, resource } = await loadFrom('component', {
    'main.yml': 'name: c\ninputs: {m: {type: string, optional: true}}\ncommand: t --m $[[inputs.m]]\n',
  })
  expect(resource).toMatchObject({ command: 't --m $[[inputs.m]]' })
  expect(warnings).toMatchObject([{ property: 'command', line: 3 }])
})

test('the schema address is only a hint', async () => {
  const { resource } = await loadFrom('job', {
    'main.yml': '$schema: "http://azureml/sdk-2-0/PipelineJob.json "\ncommand: ls\n',
  })
  expect(resource.type).toBe('command')
})
