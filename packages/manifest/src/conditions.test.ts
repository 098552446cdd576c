import { expect, test } from 'vitest'
import { loadFrom } from './test-loading.ts'

const pipeline = (check: string) => `type: pipeline
jobs:
  check: {type: if_else, ${check}}
  decide: {command: ls, outputs: {good: {type: boolean, is_control: true}}}
  yes: {command: ls}
`

test('a condition is a node that names steps', async () => {
  const text = pipeline('condition: "${{parent.jobs.decide.outputs.good}}", true_block: "${{parent.jobs.yes}}"')
  const { resource, warnings } = await loadFrom('job', { 'main.yml': text })
  expect(resource).toMatchObject({ jobs: { check: { type: 'if_else', true_block: '${{parent.jobs.yes}}' } } })
  expect(warnings).toEqual([])
})

test.each([
  ['condition: "${{parent.jobs.decide.outputs.goood}}", true_block: yes', "did you mean 'good'"],
  ['condition: "${{parent.inputs.none}}", true_block: yes', 'names no input of the pipeline'],
  ['condition: true, true_block: "${{parent.jobs.yess}}"', "'yess' names no step of this pipeline; did you mean 'yes'"],
  ['condition: true', 'a true_block, a false_block or both'],
])('a slip in a condition is named: %s', async (check, says) => {
  await expect(loadFrom('job', { 'main.yml': pipeline(check) })).rejects.toThrow(says)
})
