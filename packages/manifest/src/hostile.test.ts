import { expect, test } from 'vitest'
import { loadFrom, refusalOf } from './test-loading.ts'

/** Broken jobs, and what is said of them: line, column, property, message. */
const broken: [string, Record<string, string>, object[]][] = [
  [
    'a near name for a file that is not there',
    { 'main.yml': 'type: pipeline\njobs:\n  a: {component: ./parts/trian.yml}\n', 'parts/train.yml': 'command: ls' },
    [{ line: 3, column: 7, message: "there is no file /p/parts/trian.yml; did you mean 'train.yml'?" }],
  ],
  [
    'what a folder holds when no name is near',
    {
      'main.yml': 'type: command\ncommand: ls\nenvironment: {image: x, conda_file: envs/zzz.yml}\n',
      'envs/conda.yml': '',
    },
    [{ line: 3, property: 'environment.conda_file', hint: '/p/envs holds conda.yml; paths are relative to /p' }],
  ],
  [
    'a folder that is not there',
    { 'main.yml': 'type: command\ncommand: ls\ncode: ./nope/deep\n' },
    [{ line: 3, property: 'code', hint: 'there is no folder /p/nope either; paths are relative to /p' }],
  ],
  [
    'an expression of a command without an end',
    { 'main.yml': 'type: command\ncommand: echo ${{inputs.a}\ninputs: {a: 1}\n' },
    [{ line: 2, property: 'command', message: "'${{inputs.a}' has no end", hint: 'close it with }}' }],
  ],
  [
    'bindings that have no end or name nothing',
    {
      'main.yml':
        'type: pipeline\ninputs: {a: 1}\njobs:\n  x:\n    command: ls\n    inputs:\n      b: ${{parent.inputs.a\n      c: ${{parent.inputs}}\n      d: ${{parent.inputs.nope}}\n',
    },
    [
      { line: 7, property: 'jobs.x.inputs.b', message: "'${{parent.inputs.a' has no end" },
      { line: 8, property: 'jobs.x.inputs.c', message: '${{parent.inputs}} cannot stand here' },
      { line: 9, property: 'jobs.x.inputs.d', message: '${{parent.inputs.nope}} names no input of the pipeline' },
    ],
  ],
]

test.each(broken)('is told with its place: %s', async (_, files, details) => {
  const error = await refusalOf(loadFrom('job', files))
  expect(error.details).toEqual(details.map(detail => expect.objectContaining(detail)))
})

test('an optional block without an end stays text and is told', async () => {
  const { warnings } = await loadFrom('job', {
    'main.yml': 'type: command\ncommand: echo $[[--a ${{inputs.a}}\ninputs: {a: 1}\n',
  })
  expect(warnings).toMatchObject([{ line: 2, message: "'$[[--a ${{inputs.a}}' has no end, so it is plain text" }])
})

test('a property that a server names is found where it was written, also in a component file', async () => {
  const { locate } = await loadFrom('job', {
    'main.yml': 'type: pipeline\njobs:\n  a.b:\n    component: ./c.yml\n    inputs: {x: 1}\n',
    'c.yml':
      'name: c\ntype: pipeline\ninputs: {x: {type: integer}}\njobs:\n  in:\n    command: ls\n    limits: {timeout: 3}\n',
  })
  const at = (property: string) => {
    const place = locate(property)
    return place && `${place.file}:${place.line}`
  }
  expect(at('jobs.a.b.inputs.x')).toBe('/p/main.yml:5')
  expect(at('jobs.a.b.jobs.in.limits.timeout')).toBe('/p/c.yml:7')
  expect(at('jobs.a.b.jobs.in.environment[0].name')).toBe('/p/c.yml:5')
  expect(at('job.jobs.a.b.compute')).toBe('/p/main.yml:3')
  expect(at('package_index')).toBeUndefined()
})

test('expectations that no table can meet are refused when they are read', async () => {
  const error = await refusalOf(
    loadFrom('expectations', {
      'main.yml': `extra_columns: refuse
columns:
  a: {min: 5, max: 1, mean: {min: 2, max: 1}}
  b: {min: 1, max: "2020-01-01"}
  c: {min: "2021-01-01", max: "2020-01-01"}
  d: {allowed: [1, 2], min: 1, max: 1}
rows: {min: 10, max: 1}
unique: [[a, zz]]
freshness: {column: yy, max_age: 3d}
`,
    }),
  )
  expect(error.details?.map(({ line, property }) => `${line} ${property}`).sort()).toEqual([
    ...['3 columns.a.max', '3 columns.a.mean.max', '4 columns.b.max', '5 columns.c.max', '7 rows.max'],
    ...['8 unique.0.1', '9 freshness.column'],
  ])
})
