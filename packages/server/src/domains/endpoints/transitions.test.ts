import { expect, test } from 'vitest'
import { type DeploymentState, nextState } from './transitions.ts'

const table: [DeploymentState | undefined, Parameters<typeof nextState>[1]['kind'], DeploymentState][] = [
  [undefined, 'requested', 'Creating'],
  ['Creating', 'requested', 'Creating'],
  ['Succeeded', 'requested', 'Updating'],
  ['Failed', 'requested', 'Updating'],
  ['Updating', 'requested', 'Updating'],
  ['Creating', 'could-not-be-prepared', 'Failed'],
  ['Updating', 'could-not-be-prepared', 'Failed'],
  ['Creating', 'serves', 'Succeeded'],
  ['Updating', 'serves', 'Succeeded'],
  ['Failed', 'serves', 'Succeeded'],
  ['Creating', 'does-not-start', 'Failed'],
  ['Updating', 'does-not-start', 'Failed'],
  ['Succeeded', 'does-not-start', 'Succeeded'],
]

test.each(table)('%s and then "%s" is %s', (state, kind, expected) => {
  expect(nextState(state, { kind })).toBe(expected)
})
