import { HaganeError } from '@hagane/contract'
import { describe, expect, it } from 'vitest'
import { readConda, readMatchSpec } from './conda.ts'
import { requirementText } from './requirement.ts'

const read = (text: string) => readConda(text, 'conda_file')
const lines = (text: string) => read(text).requirements.map(requirementText)

describe('a conda package specification', () => {
  it.each([
    ['numpy', []],
    ['numpy=1.22', ['==1.22.*']],
    ['numpy==1.22', ['==1.22']],
    ['numpy=1.22.*', ['==1.22.*']],
    ['numpy 1.8*', ['==1.8.*']],
    ['numpy 1.22.3 py38_0', ['==1.22.3']],
    ['numpy=1.11.1=py36_0', ['==1.11.1']],
    ['numpy>=1.2', ['>=1.2']],
    ['numpy >=1.2,<2', ['>=1.2', '<2']],
    ['numpy>=1.2.*', ['>=1.2']],
    ['numpy!=1.3', ['!=1.3']],
    ['numpy=*', []],
    ['conda-forge::numpy=2.3.1', ['==2.3.1.*']],
    ['conda-forge/linux-64::numpy', []],
  ])('is written as PEP 440 has it: %s', (text, specifiers) => {
    expect(readMatchSpec(text, 'conda')).toEqual({ name: 'numpy', specifiers })
  })

  it.each(['numpy[version=">=1"]', 'numpy 1.0|2.0', 'foo @ https://x', '', '../x'])(
    'that has no such form is refused: %s',
    text => {
      expect(() => readMatchSpec(text, 'conda')).toThrow(HaganeError)
    },
  )
})

describe('a conda file', () => {
  it('gives its Python, its packages and those of pip', () => {
    const text =
      'name: model-env\nchannels:\n  - conda-forge\ndependencies:\n  - python=3.12\n  - numpy=2.3.1\n  - pip=25.1.1\n  - pip:\n    - joblib==1.5.1\n'
    expect(read(text).python).toBe('3.12')
    expect(lines(text)).toEqual(['numpy==2.3.1.*', 'joblib==1.5.1'])
  })

  it.each([
    ['python=3.7.11', '3.7.11'],
    ['python 3.8', '3.8'],
    ['python=3.8.*', '3.8'],
    ['python==3.10', '3.10'],
    ['python>=3.8,<3.11', '<3.11,>=3.8'],
    ['python', undefined],
  ])('may name its Python as %s', (item, python) => {
    expect(read(`dependencies: ['${item}']`).python).toBe(python)
  })

  it('may leave out name, channels and pip, and may be written on Windows', () => {
    expect(lines('dependencies:\r\n  - python=3.12\r\n  - xgboost==3.0.2\r\n')).toEqual(['xgboost==3.0.2'])
    expect(lines('name: empty\n')).toEqual([])
    expect(lines('dependencies:\n  - pip:\n')).toEqual([])
  })

  it('keeps both bounds when conda and pip name the same package', () => {
    expect(lines('dependencies:\n  - numpy=1.22\n  - pip:\n    - numpy<1.23\n')).toEqual([
      'numpy==1.22.*',
      'numpy<1.23',
    ])
  })

  it('names packages as the index does, leaves out what holds no Python, and says so', () => {
    const content = read(
      'dependencies: [pytorch=2.1, cudatoolkit=11, librosa, openjdk, r-base, libgcc-ng, conda-forge::matplotlib-base]',
    )
    expect(content.requirements.map(requirementText)).toEqual(['torch==2.1.*', 'librosa', 'matplotlib'])
    expect(content.deviations.join('\n')).toMatch(
      /pytorch.*torch[\s\S]*cudatoolkit=11[\s\S]*openjdk[\s\S]*r-base[\s\S]*libgcc-ng[\s\S]*matplotlib/,
    )
  })

  it.each([
    ['a: [', 'not YAML'],
    ['conda.yml', 'content'],
    ['dependencies: 3', 'dependencies'],
    ['- a\n- b', 'conda_file'],
    ['dependencies: ["-e ."]', 'conda package'],
    ['dependencies: [{pip: ["-r requirements.txt"]}]', 'another file'],
    [`a: &a [x]\nb: [${'*a,'.repeat(200)}]\nc: &c [*a,*a]\ndependencies: []`, 'not YAML'],
  ])('that cannot be read is refused, saying where: %s', (text, message) => {
    expect(() => read(text)).toThrow(message)
    expect(() => read(text)).toThrow(HaganeError)
  })
})
