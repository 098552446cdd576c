import { expect, it } from 'vitest'
import { define } from './definition.ts'
import { environmentOfModel } from './model-environment.ts'

const of = (files: Record<string, string>) => environmentOfModel(async name => files[name])
const definitionOf = async (files: Record<string, string>) =>
  (await define(await of(files), async () => undefined)).definition

it('requirements of a model are read as pip reads them', async () => {
  const text = '\ufeff# what it needs\r\nscikit-learn == 1.5.0  # pinned\r\nnumpy \\\r\n  >=1.26,<3\n\n'
  expect((await definitionOf({ 'requirements.txt': text })).requirements).toEqual([
    'numpy<3,>=1.26',
    'scikit-learn==1.5.0',
  ])
})

it.each([
  ['python: 3.10\n', '3.10'],
  ['python: 3.12.4\nbuild_dependencies: [pip]\n', '3.12.4'],
  ['build_dependencies: [pip]\n', undefined],
  ['', undefined],
  ['python:\n', undefined],
])('python_env.yaml %j asks for python %s', async (python_env, python) => {
  const { python: found } = await definitionOf({ 'requirements.txt': 'six\n', 'python_env.yaml': python_env })
  expect(found).toBe(python)
})

it.each([
  [
    { 'requirements.txt': 'six\n', 'python_env.yaml': 'python: [3, 10]\n' },
    "python_env.yaml of the model: 'python' is no version",
  ],
  [{ 'requirements.txt': 'six\n', 'python_env.yaml': 'python: "a\n' }, 'python_env.yaml of the model is not YAML'],
  [{ 'conda.yaml': 'dependencies: {a: b}\n' }, 'conda.yaml of the model'],
  [{ 'requirements.txt': '-r more.txt\n' }, "'-r more.txt' is a reference to another file"],
  [{}, 'brings no conda.yaml and no requirements.txt'],
])('%j is refused with the file and the reason', async (files: Record<string, string>, message) => {
  await expect(definitionOf(files)).rejects.toThrow(message)
})
