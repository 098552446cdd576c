import { expect, test } from 'vitest'
import { loadFrom } from './test-loading.ts'

test('literals reach the server as the author wrote them, where JSON would print them differently', async () => {
  const { resource } = await loadFrom('job', {
    'main.yml': `
command: echo
inputs:
  small: 2e-5
  float: 1.0
  zeros: 01
  plain: 0.25
  whole: 3
  minus: -1
  tiny: 0.00001
  big: 12345678901234567890
  hex: 0x10
  infinite: .inf
  yes: true
  quoted: "1.0"
  typed: {type: number, default: 1e3}
  nothing:
environment_variables: {A: 1.0, B: 2, C: 007}
tags: {release: 1.10}
`,
  })
  expect(resource).toMatchObject({
    inputs: {
      small: '2e-5',
      float: '1.0',
      zeros: '01',
      plain: 0.25,
      whole: 3,
      minus: -1,
      tiny: '0.00001',
      big: '12345678901234567890',
      hex: 16,
      infinite: 'inf',
      yes: true,
      quoted: '1.0',
      typed: { type: 'number', default: '1e3' },
      nothing: null,
    },
    environment_variables: { A: '1.0', B: 2, C: '007' },
    tags: { release: '1.10' },
  })
})

test('numbers of the specification itself stay numbers', async () => {
  const { resource } = await loadFrom('job', {
    'main.yml': `
type: sweep
trial: {command: "echo \${{search_space.a}} \${{search_space.b}}"}
sampling_algorithm: random
search_space:
  a: {type: uniform, min_value: 1.0, max_value: 1e1}
  b: {type: choice, values: [1e-3, 0.5, x]}
objective: {goal: minimize, primary_metric: loss}
limits: {max_total_trials: 04, timeout: 1e3}
`,
  })
  expect(resource).toMatchObject({
    search_space: { a: { min_value: 1, max_value: 10 }, b: { values: ['1e-3', 0.5, 'x'] } },
    limits: { max_total_trials: 4, timeout: 1000 },
  })
})

test.each([
  ['01', '1'],
  ['10', '10'],
  ['1.0', '1.0'],
  ['2.10', '2.10'],
  ['1.0.0', '1.0.0'],
  ['"01"', '01'],
  ['0', '0'],
  ['123456789012345678901234', '123456789012345678901234'],
])('version %s becomes %s', async (written, version) => {
  const { resource } = await loadFrom('data', {
    'main.yml': `name: d\npath: https://example.org/\nversion: ${written}`,
  })
  expect(resource.version).toBe(version)
})

test('literals of components and of aliases keep their source text too', async () => {
  const { resource } = await loadFrom('component', {
    'main.yml':
      'name: c\ncommand: ls\ninputs: {a: {type: number, default: &x 1e-4, enum: [1e-4, 1.0]}, b: {type: number, default: *x}}',
  })
  expect(resource).toMatchObject({
    inputs: { a: { default: '1e-4', enum: ['1e-4', '1.0'] }, b: { default: '1e-4' } },
  })
})
