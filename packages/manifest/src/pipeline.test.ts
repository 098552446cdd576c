import { describe, expect, test } from 'vitest'
import { findLoop } from './edges.ts'
import { loadFrom, refusalOf } from './test-loading.ts'

const pipeline = (jobs: string, more = '') => ({ 'main.yml': `type: pipeline\n${more}jobs:\n${jobs}` })

describe('bindings', () => {
  test('to inputs, outputs and steps that exist are taken', async () => {
    const { warnings } = await loadFrom(
      'job',
      pipeline(
        `
  prep:
    command: echo \${{inputs.raw}} > \${{outputs.clean}}/a.csv
    inputs: {raw: "\${{parent.inputs.raw}}", lr: 0.1}
    outputs: {clean: }
    compute: \${{parent.inputs.where}}
  train:
    command: echo \${{ inputs.clean }} \${{inputs.lr}}
    inputs:
      clean: {path: "\${{parent.jobs.prep.outputs.clean}}", mode: download}
      lr: \${{parent.jobs.prep.inputs.lr}}
      log: \${{parent.jobs.prep.outputs.artifacts}}
    outputs:
      model: {type: mlflow_model, path: "\${{parent.outputs.model}}"}
`,
        'inputs: {raw: {path: "azureml:raw:1"}, where: cpu}\noutputs: {model: }\n',
      ),
    )
    expect(warnings).toEqual([])
  })

  test.each([
    [
      'a step that does not exist',
      'x: ${{parent.jobs.trian.outputs.o}}',
      "no step of this pipeline; did you mean 'train'?",
    ],
    [
      'an output of a step',
      'x: ${{parent.jobs.train.outputs.modle}}',
      "no output of step 'train'; did you mean 'model'?",
    ],
    ['an input of a step', 'x: ${{parent.jobs.train.inputs.z}}', "no input of step 'train'"],
    ['an input of the pipeline', 'x: ${{parent.inputs.rwa}}', "no input of the pipeline; did you mean 'raw'?"],
    ['an output of the pipeline', 'x: {path: "${{parent.outputs.none}}"}', 'no output of the pipeline'],
    ['a name that objects inherit', 'x: ${{parent.inputs.constructor}}', 'no input of the pipeline'],
    ['a scope that steps have not', 'x: ${{inputs.raw}}', 'cannot stand here'],
  ])('to %s are refused with place and hint', async (_, input, message) => {
    const error = await refusalOf(
      loadFrom(
        'job',
        pipeline(
          `  train: {command: ls, outputs: {model: }}\n  score:\n    command: ls\n    inputs:\n      ${input}\n`,
          'inputs: {raw: 1}\n',
        ),
      ),
    )
    expect(error.message).toContain(message)
    expect(error.details).toMatchObject([
      {
        file: '/p/main.yml',
        line: 8,
        property: expect.stringContaining('jobs.score.inputs.x'),
        hint: expect.any(String),
      },
    ])
  })

  test('to outputs of a registered component are left to the server', async () => {
    const { resource } = await loadFrom(
      'job',
      pipeline(
        '  a: {component: "azureml:a:1"}\n  b: {command: ls, inputs: {x: "${{parent.jobs.a.outputs.anything}}"}}\n',
      ),
    )
    expect(resource).toMatchObject({ type: 'pipeline' })
  })

  test('to outputs that only the component declares are taken', async () => {
    const { warnings } = await loadFrom('job', {
      ...pipeline('  a: {component: ./c.yml}\n  b: {command: ls, inputs: {x: "${{parent.jobs.a.outputs.o}}"}}\n'),
      'c.yml': 'name: c\ncommand: ls ${{outputs.o}}\noutputs: {o: {type: uri_file}}',
    })
    expect(warnings).toEqual([])
  })
})

describe('steps that wait for each other', () => {
  const waiting = (name: string, first: string) =>
    `  ${name}: {command: ls, inputs: {x: "\${{parent.jobs.${first}.outputs.o}}"}, outputs: {o: }}\n`

  test('are refused with the loop in the order of the data', async () => {
    const error = await refusalOf(
      loadFrom('job', pipeline(waiting('a', 'c') + waiting('b', 'a') + waiting('c', 'b') + waiting('d', 'a'))),
    )
    expect(error.message).toMatch(/a → b → c → a|b → c → a → b|c → a → b → c/)
    expect(error.details).toMatchObject([
      { property: expect.stringMatching(/^jobs\.[abc]$/), hint: expect.any(String) },
    ])
  })

  test('a step that waits for itself', async () => {
    const error = await refusalOf(loadFrom('job', pipeline(waiting('a', 'a'))))
    expect(error.message).toContain('a → a')
  })

  test('inside an included component, at its own file', async () => {
    const error = await refusalOf(
      loadFrom('job', {
        ...pipeline('  in: {component: ./c.yml}\n'),
        'c.yml': `type: pipeline\njobs:\n${waiting('a', 'a')}`,
      }),
    )
    expect(error.details).toMatchObject(
      [{ file: '/p/c.yml', line: 3, property: 'in' }].map(({ property: _, ...rest }) => rest),
    )
    expect(error.details?.[0]?.property).toBe('jobs.in.component.jobs.a')
  })

  test('a chain of many steps is no loop, and is found quickly', () => {
    const chain = new Map(Array.from({ length: 20_000 }, (_, i) => [`s${i}`, new Set(i === 0 ? [] : [`s${i - 1}`])]))
    expect(findLoop(chain)).toBeUndefined()
    chain.set('s0', new Set(['s19999']))
    expect(findLoop(chain)).toHaveLength(20_001)
  })
})

describe('commands', () => {
  test.each([
    ['an input', 'echo ${{inputs.dta}}', "no input of this command; did you mean 'data'?"],
    ['an output', 'echo ${{outputs.x}}', 'no output of this command'],
    ['a binding', 'echo ${{parent.inputs.data}}', 'cannot stand in a command'],
    ['a search space outside a sweep', 'echo ${{search_space.lr}}', 'no search space parameter'],
    ['no form at all', 'echo ${{ secrets.key }}', 'cannot stand in a command'],
  ])('refuse %s that does not exist', async (_, command, message) => {
    const error = await refusalOf(
      loadFrom('job', { 'main.yml': `inputs: {data: {path: "azureml:d:1"}}\ncommand: ${command}\n` }),
    )
    expect(error.message).toContain(message)
    expect(error.details).toMatchObject([{ property: 'command', line: 2, hint: expect.any(String) }])
  })

  test('may use the artifacts folder, the job name and shell variables', async () => {
    const { warnings } = await loadFrom('job', {
      'main.yml': 'command: echo ${{outputs.artifacts}} ${{name}} $HOME ${HOME} $[1+1]\n',
    })
    expect(warnings).toEqual([])
  })

  test('of sweeps may use inputs of job and trial and the search space', async () => {
    const sweep = (command: string) => ({
      'main.yml': `
type: sweep
trial: ./t.yml
inputs: {a: 1}
sampling_algorithm: grid
search_space: {lr: {type: choice, values: [1]}}
objective: {goal: maximize, primary_metric: f1}
`,
      't.yml': `name: t\ninputs: {b: {type: number, default: 2}}\noutputs: {m: }\ncommand: ${command}`,
    })
    const good = 'echo ${{inputs.a}} ${{inputs.b}} ${{search_space.lr}} ${{outputs.m}}'
    expect((await loadFrom('job', sweep(good))).resource.type).toBe('sweep')
    const error = await refusalOf(loadFrom('job', sweep('echo ${{search_space.rl}}')))
    expect(error.details).toMatchObject([
      { file: '/p/t.yml', property: 'trial.command', hint: 'declare rl under search_space' },
    ])
  })
})

describe('components and what they are given', () => {
  const component =
    'name: c\ncommand: ls\ninputs: {need: {type: number}, may: {type: number, optional: true}, has: {type: number, default: 1}}\noutputs: {o: }'

  test('a required input that is missing', async () => {
    const error = await refusalOf(
      loadFrom('job', { ...pipeline('  a: {component: ./c.yml, inputs: {may: 1}}\n'), 'c.yml': component }),
    )
    expect(error.details).toMatchObject([
      { file: '/p/main.yml', line: 3, property: 'jobs.a.inputs', message: "the component needs the input 'need'" },
    ])
  })

  test('an output that the component has not', async () => {
    const error = await refusalOf(
      loadFrom('job', {
        ...pipeline('  a: {component: ./c.yml, inputs: {need: 1}, outputs: {oo: , artifacts: }}\n'),
        'c.yml': component,
      }),
    )
    expect(error.details).toMatchObject([{ property: 'jobs.a.outputs.oo', allowed: ['o'] }])
  })

  test('a pipeline job that is a component is fitted to it, and values may come later', async () => {
    const { resource, warnings } = await loadFrom('job', {
      'main.yml': 'type: pipeline\ncomponent: p.yml\ninputs: {data: {type: uri_folder}, extra: 1}\n',
      'p.yml': 'type: pipeline\ninputs: {data: {type: uri_folder}}\njobs: {a: {command: ls}}',
    })
    expect(resource).toMatchObject({ inputs: { data: { type: 'uri_folder' } } })
    expect(resource).not.toHaveProperty('inputs.extra')
    expect(warnings).toMatchObject([{ property: 'inputs.extra', line: 3 }])
  })

  test('a thousand steps are read in little time', async () => {
    const jobs = Array.from({ length: 1000 }, (_, i) => {
      const input = i === 0 ? '1' : `"\${{parent.jobs.s${i - 1}.outputs.o}}"`
      return `  s${i}: {component: ./c.yml, inputs: {need: ${input}}}\n`
    })
    const { resource } = await loadFrom('job', { ...pipeline(jobs.join('')), 'c.yml': component })
    expect(Object.keys('jobs' in resource ? (resource.jobs ?? {}) : {})).toHaveLength(1000)
  })
})
