import { execFileSync } from 'node:child_process'
import { onlineDeploymentSpec } from '@hagane/contract'
import { expect, test } from 'vitest'
import { checkMountPath, commandWithModel, variablesWithModel } from './model-mount.ts'

const model = { name: 'half', version: '2' }
const here = '/data/a model'
const valueWith = (value: string, path: string | undefined = '/models'): string | undefined =>
  variablesWithModel({ V: value }, { path, model }, here).V

test.each([
  ['/models', here],
  ['/models/', `${here}/`],
  ['/models/half/2', here],
  ['/models/half/2/weights', `${here}/weights`],
  ['/models/half/20', `${here}/half/20`],
  ['/models/weights/x.bin', `${here}/weights/x.bin`],
  ['--store=/models/weights --cache /tmp', `--store=${here}/weights --cache /tmp`],
  ['/opt:/models/bin', `/opt:${here}/bin`],
  ['file:///models/x', `file://${here}/x`],
  ['{"path": "/models"}', `{"path": "${here}"}`],
  ['/var/azureml-app/azureml-models/half/2/weights', `${here}/weights`],
  ['/models2 /models-old /srv/models s3://models http://host/models $HOME/models', undefined],
])('a variable that says %s', (value, expected) => {
  expect(valueWith(value)).toBe(expected ?? value)
})

test('without model_mount_path only the place where Azure ML mounts models is the model', () => {
  expect(
    variablesWithModel({ V: '/models /var/azureml-app/azureml-models/x/1' }, { path: undefined, model }, here),
  ).toEqual({
    V: `/models ${here}`,
  })
  expect(variablesWithModel({ V: '/models' }, { path: '/models', model }, undefined)).toEqual({ V: '/models' })
})

test.each([
  ['printf %s --repo=/models/x', `--repo=${here}/x`],
  ['printf %s "/models x"', `${here} x`],
  ["printf %s 'at /models'", `at ${here}`],
  [`printf %s \\'/models\\"`, `'${here}"`],
  ['printf %s /modelsX', '/modelsX'],
])('a command that says %s finds the model, whatever characters its folder has', (command, expected) => {
  const script = commandWithModel(command, { path: '/models/', model })
  expect(execFileSync('/bin/sh', ['-c', script], { env: { AZUREML_MODEL_DIR: here } }).toString()).toBe(expected)
})

test.each([
  ['a relative path', 'models', 'not an absolute path'],
  ['the root', '/', 'not an absolute path'],
  ['nothing', '', 'not an absolute path'],
  ['a path with a variable', '/models/$X', 'not an absolute path'],
  ['a path that climbs', '/models/../etc', "has '.' or '..'"],
])('%s is refused', (_, model_mount_path, words) => {
  expect(() => checkMountPath(onlineDeploymentSpec.parse({ model: 'azureml:m:1', model_mount_path }))).toThrow(words)
})

test('a mount path needs a model', () => {
  expect(() => checkMountPath(onlineDeploymentSpec.parse({ model_mount_path: '/models' }))).toThrow('has none')
  checkMountPath(onlineDeploymentSpec.parse({ model_mount_path: '/models', model: 'azureml:m:1' }))
})
