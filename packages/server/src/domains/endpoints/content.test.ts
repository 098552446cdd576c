import { existsSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type BlobStore, openFileStore } from '../../kernel/blobs/index.ts'
import { folderOf, modelFolder } from './content.ts'
import { environmentOfTree } from './model-environment.ts'

let dir = ''
let blobs: BlobStore
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'hagane-endpoints-'))
  blobs = openFileStore(dir)
})
afterEach(() => rm(dir, { recursive: true, force: true }))

const treeOf = async (files: Record<string, string>): Promise<string> => {
  const entries = Object.entries(files).map(async ([path, text]) => ({ path, ...(await blobs.put(Buffer.from(text))) }))
  return (await blobs.putTree(await Promise.all(entries))).digest
}

test('the last part of a model path stays visible in AZUREML_MODEL_DIR, for folders and for files', async () => {
  const tree = await treeOf({ 'a/model/x.pkl': 'x', 'a/model/sub/y.bin': 'y', 'a/other': 'z' })
  const folder = await modelFolder(blobs, { tree, path: 'a/model/' })
  expect(folder.model).toBe(join(folder.parent, 'model'))
  expect(readFileSync(join(folder.model, 'sub/y.bin'), 'utf8')).toBe('y')
  expect(existsSync(join(folder.parent, 'other'))).toBe(false)
  const file = await modelFolder(blobs, { tree, path: 'a/model/x.pkl' })
  expect(readFileSync(join(file.parent, 'x.pkl'), 'utf8')).toBe('x')
})

test.each([
  ['hagane://trees/{}/model-1', 'model-1'],
  ['azureml://jobs/j/outputs/model_output', 'model_output'],
  ['runs:/r1/best/model', 'model'],
  ['hagane://trees/{}', ''],
])('a registered folder is named after where it came from: %s', async (source, name) => {
  const tree = await treeOf({ 'x.pkl': 'x' })
  const { parent, model } = await modelFolder(blobs, { tree, path: '', source: source.replace('{}', tree) })
  expect(model).toBe(join(parent, name))
  expect(existsSync(join(model, 'x.pkl'))).toBe(true)
})

test('a whole tree is the folder itself, and what is not there is refused', async () => {
  const tree = await treeOf({ MLmodel: 'm' })
  const { parent, model } = await modelFolder(blobs, { tree, path: '' })
  expect([parent, readFileSync(join(model, 'MLmodel'), 'utf8')]).toEqual([model, 'm'])
  await expect(modelFolder(blobs, { tree, path: 'nope' })).rejects.toThrow("nothing at 'nope'")
  await expect(folderOf(blobs, tree, 'nope')).rejects.toThrow("nothing at 'nope'")
})

test('an MLflow model brings its environment: conda.yaml first, else requirements with their Python', async () => {
  const conda = await treeOf({ 'm/conda.yaml': 'dependencies:\n- python=3.10.2\n- pip:\n  - mlflow==2.9.0\n' })
  expect(await environmentOfTree(blobs, conda, 'm')).toEqual({
    conda_file: { dependencies: ['python=3.10.2', { pip: ['mlflow==2.9.0'] }] },
  })
  const pip = await treeOf({
    'requirements.txt': '# made by MLflow\nmlflow==2.9.0\n\n',
    'python_env.yaml': 'python: 3.9.1\n',
  })
  expect(await environmentOfTree(blobs, pip, '')).toEqual({
    conda_file: { dependencies: ['python=3.9.1', { pip: ['mlflow==2.9.0'] }] },
  })
  await expect(environmentOfTree(blobs, await treeOf({ MLmodel: '' }), '')).rejects.toMatchObject({ kind: 'invalid' })
  await expect(environmentOfTree(blobs, await treeOf({ 'conda.yaml': '{' }), '')).rejects.toThrow('is not YAML')
})
