import { describe, expect, test } from 'vitest'
import { memoryFiles } from './files.ts'
import { loadManifest } from './load-manifest.ts'
import { refusalOf } from './test-loading.ts'

const project = `name: flights
python_env: python_env.yaml
entry_points:
  main:
    parameters:
      alpha: {type: float, default: 0.50}
      rows: path
      note: {default: two words}
      source: {type: uri, default: "s3://b/x"}
    command: "python train.py --alpha {alpha} {rows} '{other}' --note {note} {source}"
  check: {command: "python check.py"}
`
const files = {
  MLproject: project,
  'python_env.yaml': 'python: "3.11"\nbuild_dependencies: [pip]\ndependencies: [-r requirements.txt, scipy]\n',
  'requirements.txt': '# pinned\nnumpy==1.26.4  # for numba\n\npandas\n',
  'rows.csv': '1',
}
const load = (overrides: object = {}, more: Record<string, string> = {}) =>
  loadManifest({
    kind: 'job',
    file: '/p/MLproject',
    overrides: { ...overrides },
    files: memoryFiles(
      Object.fromEntries(Object.entries({ ...files, ...more }).map(([path, text]) => [`/p/${path}`, text])),
    ),
  })

describe('an MLproject', () => {
  test('becomes a command job with its parameters as inputs and its Python as environment', async () => {
    const { resource, uploads } = await load({ parameters: { rows: 'rows.csv' }, job_name: 'mine', tags: { a: 1 } })
    expect(resource).toEqual({
      type: 'command',
      name: 'mine',
      display_name: 'flights main',
      code: '/p',
      command:
        "python train.py --alpha ${{inputs.alpha}} ${{inputs.rows}} '{other}' --note '${{inputs.note}}' ${{inputs.source}}",
      inputs: {
        alpha: '0.5',
        rows: { type: 'uri_file', path: '/p/rows.csv' },
        note: 'two words',
        source: 's3://b/x',
      },
      environment: {
        image: 'python',
        conda_file: { dependencies: ['python=3.11', 'pip', { pip: ['pip', 'numpy==1.26.4', 'pandas', 'scipy'] }] },
      },
      properties: { 'mlflow.project.entryPoint': 'main' },
      tags: { a: '1' },
    })
    expect(uploads.map(upload => upload.pointer.join('.')).sort()).toEqual(['code', 'inputs.rows.path'])
  })

  test('runs another entry point, or a script, and appends what it does not declare', async () => {
    const command = async (overrides: object) => (await load(overrides)).resource as { command: string }
    expect((await command({ entry_point: 'check', parameters: { depth: '3' } })).command).toBe(
      'python check.py --depth ${{inputs.depth}}',
    )
    expect((await command({ entry_point: 'train.py' })).command).toBe('python train.py')
    expect((await command({ entry_point: 'train.py', parameters: { note: "it's; rm x" } })).command).toBe(
      `python train.py --note 'it'"'"'s; rm x'`,
    )
    expect((await command({ entry_point: 'run.sh' })).command).toBe('bash run.sh')
  })

  test('takes a conda file or an image for its environment', async () => {
    const environment = async (text: string) =>
      (
        (await load({ entry_point: 'x.py' }, { MLproject: text, 'c.yaml': 'dependencies: [python=3.11]\n' }))
          .resource as {
          environment: unknown
        }
      ).environment
    expect(await environment('conda_env: c.yaml\n')).toEqual({
      image: 'python',
      conda_file: { dependencies: ['python=3.11'] },
    })
    expect(await environment('docker_env: {image: debian}\n')).toEqual({ image: 'debian' })
  })

  test.each([
    [{ entry_point: 'chekc' }, "no entry point 'chekc'; did you mean 'check'?"],
    [{}, "the parameter 'rows' has no default and no value"],
    [{ parameters: { rows: 'rows.csv', alpha: 'high' } }, "'high' is not a number"],
    [{ parameters: { rows: 'gone.csv' } }, 'there is no file or folder gone.csv'],
  ])('refuses %j', async (overrides, message) => {
    expect((await refusalOf(load(overrides))).message).toContain(message)
  })

  test('tells which line is wrong', async () => {
    const { message } = await refusalOf(load({}, { MLproject: 'entry_points:\n  main: {comand: x}\n' }))
    expect(message).toContain('/p/MLproject:2:')
  })
})
