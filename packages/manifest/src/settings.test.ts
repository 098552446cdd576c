import { expect, test } from 'vitest'
import { loadFrom, refusalOf } from './test-loading.ts'

const command = 'command: ls\ninputs:\n  a: {type: number, value: 1}\n'
const withSet = async (text: string, ...set: string[]) =>
  (await loadFrom('job', { 'main.yml': text, 'data/x.csv': '' }, { set })).resource

test('sets nested properties, makes missing maps and applies in order', async () => {
  expect(await withSet(command, 'tags.team=x', 'resources.instance_count=2', 'tags.team=y')).toMatchObject({
    tags: { team: 'y' },
    resources: { instance_count: 2 },
  })
})

test('replaces empty values on the way', async () => {
  expect(await withSet('command: ls\noutputs:\n  o:\n', 'outputs.o.mode=upload')).toMatchObject({
    outputs: { o: { mode: 'upload' } },
  })
})

test('reads values as YAML does and keeps the source text of literals', async () => {
  expect(
    await withSet(command, 'inputs.a=2e-5', 'inputs.b=True', 'inputs.c=x: y', 'inputs.d=', 'inputs.e={path: data}'),
  ).toMatchObject({
    inputs: { a: '2e-5', b: true, c: 'x: y', d: '', e: { type: 'uri_folder', path: '/p/data' } },
  })
})

test('keeps text where the schema takes only text', async () => {
  expect(await withSet(command, 'display_name=2024', 'description=true', 'name=01')).toMatchObject({
    display_name: '2024',
    description: 'true',
    name: '01',
  })
})

test('braces that are not YAML are a text', async () => {
  expect(await withSet(command, 'description={{name}} is here')).toMatchObject({ description: '{{name}} is here' })
})

test('reaches list items by bracket or number, and appends', async () => {
  const component = 'name: c\ncommand: ls\ncode: .\nadditional_includes: [a, b]\n'
  const { uploads } = await loadFrom(
    'component',
    { 'main.yml': component, one: '', two: '', three: '' },
    { set: ['additional_includes[0]=one', 'additional_includes.1=two', 'additional_includes[2]=three'] },
  )
  expect(uploads).toMatchObject([{ additionalIncludes: ['/p/one', '/p/two', '/p/three'] }])
})

test('makes lists, and takes dots in keys behind a backslash', async () => {
  expect(
    await withSet('command: ls\n', 'environment.conda_file.dependencies[0]=python=3.11', 'tags.a\\.b=c'),
  ).toMatchObject({
    environment: { conda_file: { dependencies: ['python=3.11'] } },
    tags: { 'a.b': 'c' },
  })
})

test('fills in what the file leaves open, relative to the file', async () => {
  const text = 'type: pipeline\ncomponent: azureml:p@latest\ninputs: {data: {type: uri_folder}}\n'
  expect(await withSet(text, 'inputs.data.path=./data')).toMatchObject({ inputs: { data: { path: '/p/data' } } })
})

test.each([
  ['inputs', 'not a property path'],
  ['=1', 'not a property path'],
  ['a..b=1', 'not a property path'],
  ['a[x]=1', 'not a property path'],
  ['command.x=1', "'command' is the text 'ls'"],
  ['inputs.a.value.x=1', "'value' is one value"],
  ['inputs[0]=1', 'needs a list'],
  ['__proto__.polluted=1', 'not allowed'],
  ['inputs.__proto__=1', 'not allowed'],
])('refuses %s', async (setting, message) => {
  const error = await refusalOf(loadFrom('job', { 'main.yml': command }, { set: [setting] }))
  expect(error.kind).toBe('invalid')
  expect(error.message).toContain(message)
  expect(error.details).toMatchObject([{ file: `--set ${setting}` }])
  expect({}).not.toHaveProperty('polluted')
})

test('refuses a place far beyond the end of a list', async () => {
  const text = 'name: c\ncommand: ls\ncode: .\nadditional_includes: [a]\n'
  const error = await refusalOf(loadFrom('component', { 'main.yml': text }, { set: ['additional_includes[99999]=x'] }))
  expect(error.message).toContain('not a place in a list of 1')
})

test('a wrong value is blamed on the setting', async () => {
  const error = await refusalOf(loadFrom('job', { 'main.yml': command }, { set: ['limits.timeout=[1]'] }))
  expect(error.details).toMatchObject([{ file: '--set limits.timeout=[1]', property: 'limits.timeout' }])
})
