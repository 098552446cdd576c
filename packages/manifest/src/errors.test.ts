import { describe, expect, test } from 'vitest'
import { loadFrom, refusalOf } from './test-loading.ts'

describe('an error tells file, line, column, property, what was sent, what is allowed and what to do', () => {
  test('unknown property', async () => {
    const error = await refusalOf(
      loadFrom('job', {
        'main.yml': 'type: pipeline\njobs:\n  train:\n    component: ./train.yml\n',
        'train.yml': 'name: train\ncommand: ls\nenviroment: azureml:x:1\ninptus: {}\n',
      }),
    )
    expect(error.kind).toBe('invalid')
    expect(error.details).toEqual([
      {
        file: '/p/train.yml',
        line: 3,
        column: 1,
        property: 'jobs.train.component.enviroment',
        message: "unknown property 'enviroment'; did you mean 'environment'?",
        sent: 'azureml:x:1',
        allowed: expect.arrayContaining(['environment', 'command']),
        hint: 'write environment',
      },
      expect.objectContaining({ line: 4, property: 'jobs.train.component.inptus', hint: 'write inputs' }),
    ])
    expect(error.message).toBe(
      "/p/train.yml:3:1: jobs.train.component.enviroment: unknown property 'enviroment'; did you mean 'environment'? (and 1 more problem)",
    )
    expect(error.hint).toBe('write environment')
  })

  test('the allowed properties are those of the kind that is meant', async () => {
    const error = await refusalOf(loadFrom('job', { 'main.yml': 'type: sweep\nobjectiv: 1\n' }))
    const unknown = error.details?.find(detail => detail.property === 'objectiv')
    expect(unknown?.allowed).toContain('search_space')
    expect(unknown?.allowed).not.toContain('command')
  })

  test('unknown property that resembles none', async () => {
    const error = await refusalOf(loadFrom('data', { 'main.yml': 'name: d\npath: https://example.org/\nzzzzzz: 1' }))
    expect(error.details).toMatchObject([
      { property: 'zzzzzz', line: 3, message: "unknown property 'zzzzzz'", hint: expect.stringContaining('path') },
    ])
  })

  test('missing required property', async () => {
    const error = await refusalOf(loadFrom('job', { 'main.yml': 'type: command\ndisplay_name: x\n' }))
    expect(error.details).toMatchObject([
      {
        property: 'command',
        message: "missing required property 'command'",
        file: '/p/main.yml',
        line: 1,
        hint: 'add command',
      },
    ])
  })

  test('wrong kind of value', async () => {
    const error = await refusalOf(
      loadFrom('job', { 'main.yml': 'command: ls\nexperiment_name: 12\nresources:\n  shm_size: [1]\nlimits: soon\n' }),
    )
    expect(error.details).toMatchObject([
      {
        property: 'experiment_name',
        line: 2,
        sent: 12,
        message: 'expected text, got number 12',
        hint: 'write it in quotes: "12"',
      },
      { property: 'resources.shm_size', line: 4, message: 'expected text, got a list', allowed: 'text' },
      { property: 'limits', line: 5, message: "expected map, got the text 'soon'", allowed: 'map' },
    ])
  })

  test('a number or text that is too small, with the bound as it is', async () => {
    const sweep = `type: sweep
trial: {command: 'echo \${{search_space.x}}', environment: {image: python}}
search_space: {x: {type: choice, values: []}, r: {type: randint, upper: 0}, n: {type: normal, mu: 0, sigma: -1}}
sampling_algorithm: random
objective: {primary_metric: '', goal: maximize}
`
    const { details = [] } = await refusalOf(loadFrom('job', { 'main.yml': sweep }))
    expect(details.map(({ property, message, allowed }) => [property, message, allowed])).toEqual([
      ['search_space.x.values', 'it is empty; allowed is at least 1 item', 'at least 1 item'],
      ['search_space.r.upper', '0 is not allowed; allowed is above 0', 'above 0'],
      ['search_space.n.sigma', '-1 is not allowed; allowed is at least 0', 'at least 0'],
      ['objective.primary_metric', 'it is empty; allowed is at least 1 character', 'at least 1 character'],
    ])
  })

  test('a type of node that there is not: every type there is, and nothing about the rest of the node', async () => {
    const pipeline = 'type: pipeline\njobs:\n  a: {type: commnd, body: x}\n'
    expect((await refusalOf(loadFrom('job', { 'main.yml': pipeline }))).details).toMatchObject([
      { property: 'jobs.a.type', line: 3, allowed: ['command', 'pipeline', 'sweep', 'parallel', 'if_else'] },
    ])
    const loop = 'type: pipeline\njobs:\n  a: {type: do_while, body: x}\n'
    expect((await refusalOf(loadFrom('job', { 'main.yml': loop }))).details).toMatchObject([
      { property: 'jobs.a.type', line: 3, message: "'do_while' is not supported here" },
    ])
  })

  test('properties that do not go together', async () => {
    const store = `name: s
type: azure_blob
account_name: account
container_name: box
credentials: {account_key: abc=, sas_token: xx}
`
    expect((await refusalOf(loadFrom('datastore', { 'main.yml': store }))).details).toMatchObject([
      { property: 'credentials.sas_token', message: "'sas_token' does not go together with the other properties here" },
    ])
  })

  test('words of YAML 1.1 for booleans', async () => {
    const error = await refusalOf(loadFrom('component', { 'main.yml': 'name: c\ncommand: ls\nis_deterministic: yes' }))
    expect(error.details).toMatchObject([
      { property: 'is_deterministic', line: 3, sent: 'yes', hint: 'write true or false' },
    ])
  })

  test('a value that is not one of a list', async () => {
    const error = await refusalOf(
      loadFrom('job', {
        'main.yml': 'command: ls\ninputs:\n  a:\n    type: uri_flie\n    path: https://example.org/\n',
      }),
    )
    expect(error.details).toMatchObject([
      { property: 'inputs.a.type', line: 4, sent: 'uri_flie', allowed: expect.arrayContaining(['uri_file']) },
    ])
    expect(error.message).toContain("did you mean 'uri_file'?")
  })

  test('a job type that does not exist', async () => {
    const error = await refusalOf(loadFrom('job', { 'main.yml': 'type: comand\ncommand: ls\n' }))
    expect(error.details).toMatchObject([
      { property: 'type', line: 1, sent: 'comand', allowed: ['command', 'pipeline', 'sweep'] },
    ])
    expect(error.message).toContain("did you mean 'command'?")
  })

  test('a job type that Azure ML has and Hagane has not', async () => {
    const error = await refusalOf(loadFrom('job', { 'main.yml': 'type: parallel\ncode: ./src\n' }))
    expect(error.kind).toBe('unsupported')
    expect(error.details).toMatchObject([
      { property: 'type', file: '/p/main.yml', line: 1, sent: 'parallel', allowed: ['command', 'pipeline', 'sweep'] },
    ])
  })

  test('names with slashes', async () => {
    const error = await refusalOf(loadFrom('data', { 'main.yml': 'name: a/b\npath: https://example.org/' }))
    expect(error.details).toMatchObject([
      { property: 'name', line: 1, sent: 'a/b', allowed: expect.stringContaining('letters') },
    ])
  })

  test('a placeholder that is not filled in', async () => {
    const error = await refusalOf(
      loadFrom('online-deployment', { 'main.yml': 'name: b\nendpoint_name: <ENDPOINT_NAME>' }),
    )
    expect(error.details).toMatchObject([
      { property: 'endpoint_name', hint: expect.stringContaining('--set endpoint_name=') },
    ])
  })

  test('files that are not there, all at once', async () => {
    const error = await refusalOf(
      loadFrom('job', {
        'main.yml': `
type: pipeline
inputs: {a: {path: ./nowhere}}
jobs:
  one: {component: ./gone.yml}
  two: {command: ls, code: src, environment: {image: x, conda_file: conda.yml}}
`,
        'folder/x': '',
      }),
    )
    expect(error.details?.map(({ property, line, sent }) => [property, line, sent])).toEqual([
      ['jobs.one.component', 5, './gone.yml'],
      ['jobs.two.code', 6, 'src'],
      ['jobs.two.environment.conda_file', 6, 'conda.yml'],
      ['inputs.a.path', 3, './nowhere'],
    ])
    expect(error.message).toContain('/p/gone.yml')
    expect(error.details?.every(detail => detail.hint !== undefined)).toBe(true)
  })

  test('a folder where a file is meant', async () => {
    const error = await refusalOf(
      loadFrom('job', { 'main.yml': 'type: pipeline\njobs: {a: {component: ./parts}}', 'parts/x.yml': '' }),
    )
    expect(error.details).toMatchObject([{ property: 'jobs.a.component', message: '/p/parts is a folder' }])
  })

  test('a file where the build folder is meant', async () => {
    const error = await refusalOf(
      loadFrom('environment', { 'main.yml': 'name: e\nbuild: {path: Dockerfile}', Dockerfile: '' }),
    )
    expect(error.details).toMatchObject([{ property: 'build.path', hint: expect.stringContaining('dockerfile_path') }])
  })

  test('a conda file given as an environment', async () => {
    const error = await refusalOf(
      loadFrom('job', {
        'main.yml': 'command: ls\nenvironment: ./conda.yml',
        'conda.yml': 'dependencies: [python=3.11]',
      }),
    )
    expect(error.hint).toContain('conda_file')
    expect(error.details?.[0]).toMatchObject({ file: '/p/conda.yml', property: 'environment.dependencies' })
  })

  test('an empty path', async () => {
    const error = await refusalOf(loadFrom('job', { 'main.yml': 'command: ls\ncode: ""' }))
    expect(error.details).toMatchObject([{ property: 'code', message: 'the path is empty' }])
  })

  test('a file of another kind', async () => {
    const error = await refusalOf(
      loadFrom('job', { 'main.yml': 'name: d\ntype: uri_file\npath: https://example.org/a' }),
    )
    expect(error.hint).toContain('kind data, not job')
  })
})

describe('files that include each other', () => {
  test('are refused with the chain', async () => {
    const error = await refusalOf(
      loadFrom('job', {
        'main.yml': 'type: pipeline\njobs: {a: {component: ./b.yml}}',
        'b.yml': 'type: pipeline\njobs:\n  c: {component: ./c.yml}',
        'c.yml': 'type: pipeline\njobs:\n  b: {component: b.yml}',
      }),
    )
    expect(error.message).toContain('/p/b.yml → /p/c.yml → /p/b.yml')
    expect(error.details?.[0]).toMatchObject({ file: '/p/c.yml', line: 3 })
  })

  test('may be included twice side by side', async () => {
    const { resource } = await loadFrom('job', {
      'main.yml': 'type: pipeline\njobs: {a: {component: ./c.yml}, b: {component: ./c.yml}}',
      'c.yml': 'name: c\ncommand: ls',
    })
    expect(resource).toMatchObject({ jobs: { a: { component: { name: 'c' } }, b: { component: { name: 'c' } } } })
  })

  test('may not be nested without end', async () => {
    const levels = Object.fromEntries(
      Array.from({ length: 60 }, (_, i) => [`c${i}.yml`, `type: pipeline\njobs: {a: {component: ./c${i + 1}.yml}}`]),
    )
    const error = await refusalOf(
      loadFrom('job', { 'main.yml': 'type: pipeline\njobs: {a: {component: ./c0.yml}}', ...levels }),
    )
    expect(error.message).toContain('one inside the other')
  })
})
