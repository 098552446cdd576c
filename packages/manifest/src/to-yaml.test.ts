import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { loadFrom } from './test-loading.ts'
import { toYaml } from './to-yaml.ts'

test('prints in the order of an author and keeps the order of names', () => {
  const text = toYaml({
    jobs: { z: { command: 'a\nb\n', inputs: { type: '1e-3', name: 'yes' } }, a: { command: 'ls' } },
    version: '1',
    empty: undefined,
    name: 'p',
    type: 'pipeline',
  })
  expect(text).toBe(`type: pipeline
name: p
version: "1"
jobs:
  z:
    inputs:
      type: "1e-3"
      name: "yes"
    command: |
      a
      b
  a:
    command: ls
`)
})

test('what was loaded prints to a manifest that loads to the same', async () => {
  const first = await loadFrom('job', {
    'main.yml': `
type: pipeline
settings: {default_compute: azureml:cpu, force_rerun: True}
inputs: {lr: 2e-5, one: 1.0, flag: False, text: "null", date: "2024-01-01", data: {path: "azureml:d:1"}}
jobs:
  a:
    component: ./c.yml
    inputs: {lr: "\${{parent.inputs.lr}}"}
`,
    'c.yml':
      'name: c\nversion: 1.10\ncommand: >-\n  python a.py\n  --lr ${{inputs.lr}}\ninputs: {lr: {type: number, default: 1e-4}}',
  })
  const text = toYaml(first.resource)
  const second = await loadFrom('job', { 'main.yml': text })
  expect(second.resource).toEqual(first.resource)
  expect(toYaml(second.resource)).toBe(text)
})

test('any text comes back as that text, also for readers of YAML 1.1', () => {
  fc.assert(
    fc.property(
      fc.dictionary(fc.string(), fc.oneof(fc.string(), fc.constantFrom('on', '1_0', '0o7', '~', '=', '1:30'))),
      map => {
        const text = toYaml({ tags: map })
        expect(parse(text, { version: '1.2' })).toEqual({ tags: map })
        expect(parse(text, { version: '1.1' })).toEqual({ tags: map })
      },
    ),
    { numRuns: 300 },
  )
})
