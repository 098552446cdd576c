import { onlineDeploymentSpec } from '@hagane/contract'
import { expect, test } from 'vitest'
import { pickleOf } from './pickle-runtime.ts'

const model = { id: 'azureml:m:1', name: 'm', version: '1', type: 'custom_model', tree: '0', path: '' }
const spec = (properties: Record<string, string> = {}) => onlineDeploymentSpec.parse({ properties })

test('a pickle is refused with the ways to serve it, and opened where its owner says so', () => {
  expect(() => pickleOf(spec(), model, ['readme.md', 'm.joblib'])).toThrow("is a pickle ('m.joblib')")
  expect(() => pickleOf(spec({ 'hagane.allow_pickle': 'no' }), model, ['m.pkl'])).toThrow('runs whatever code is in it')
  expect(pickleOf(spec({ 'hagane.allow_pickle': 'True' }), model, ['a/m.PKL'])).toBe('a/m.PKL')
})

test('which of two, and what else is there, is not guessed', () => {
  expect(pickleOf(spec({ 'hagane.allow_pickle': 'true' }), model, ['a.pkl', 'b.pkl'])).toBeUndefined()
  expect(pickleOf(spec(), model, ['weights.bin'])).toBeUndefined()
})
