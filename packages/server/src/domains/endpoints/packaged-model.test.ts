import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openFileStore } from '../../kernel/blobs/index.ts'
import { packagedModel } from './packaged-model.ts'
import type { EnvironmentSource } from './types.ts'

const blobs = openFileStore(mkdtempSync(join(tmpdir(), 'hagane-packaged-')))
const environments: EnvironmentSource = {
  plan: async () => ({}),
  ensureBuilt: async () => ({ python: '/p', lockDigest: 'e'.repeat(64) }),
  readLock: async () => ({ python: '3.11.7', text: 'lock' }),
}
const signature = JSON.stringify([{ name: 'a', type: 'double' }])
const mlmodel = `flavors: {onnx: {data: model.onnx}}\nsignature: {inputs: '${signature}'}\n`

async function packaged(files: Record<string, string>, path: string, more = {}) {
  const entries = Object.entries(files).map(async ([name, text]) => ({
    path: name,
    ...(await blobs.put(Buffer.from(text))),
  }))
  const { digest: tree } = await blobs.putTree(await Promise.all(entries))
  const known = { id: 'azureml:m:1', name: 'm', version: '1', type: 'custom_model', tree, path }
  const models = { resolve: async () => known }
  const who = { workspace: 'default', actor: 'tester' }
  return packagedModel({ blobs, models, environments }, who, { model: 'azureml:m:1', ...more })
}
const mlflow = { 'model/MLmodel': mlmodel, 'model/model.onnx': 'o', 'model/requirements.txt': 'mlflow\nonnxruntime\n' }

test.each([
  ['a file', { 'm.onnx': 'o' }, 'm.onnx', { file: '' }],
  ['a folder with one', { 'net/m.onnx': 'o', 'net/m.data': 'd' }, 'net', { file: 'm.onnx' }],
  [
    'an MLflow model',
    mlflow,
    'model',
    { file: 'model.onnx', columns: [{ name: 'a', type: 'double', required: true }] },
  ],
  ['a folder with several', { 'net/a.onnx': 'o', 'net/b.onnx': 'o' }, 'net', undefined],
])('of ONNX in %s a package needs what a deployment of it does, and no environment', async (_, files, path, onnx) => {
  const found = await packaged(files, path)
  expect([found.state, found.model.onnx, found.environment]).toEqual(['ready', onnx, undefined])
})

test.each([{ with_code: true }, { environment: 'azureml:e:1' }])('%j brings the environment instead', async more => {
  const found = await packaged(mlflow, 'model', more)
  expect(found.model.onnx).toBeUndefined()
  expect(found.environment?.lock).toBe('lock')
})
