import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { copyFile, mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { HaganeError, type ModelPackage, modelPackageFile, type PackagedModel } from '@hagane/contract'
import { saveTree } from '../download/save-tree.ts'
import type { Invocation } from '../invocation.ts'
import type { LocalFile } from '../upload/stamped-file.ts'
import { version } from '../version.ts'
import { writeOnnxRuntime } from './onnx-runtime.ts'
import { programBeside } from './serve-program.ts'
import { dockerfileOf, readmeOf, startScript } from './texts.ts'

export interface PackageOrder {
  resolved: PackagedModel
  folder: string
  /** A scoring script with the files of its folder, for models that are not served without one. */
  code?: PackagedCode | undefined
  /** Also what serves it on a machine without Hagane. */
  withProgram: boolean
  /** Ends the download. */
  signal?: AbortSignal | undefined
}

export interface PackagedCode {
  files: readonly LocalFile[]
  scoringScript: string
}

const lockFile = 'environment.lock'

/**
 * Writes a package: the model, the lock of its environment, what serves it, and a manifest with the SHA-256 of each file.
 * The manifest comes last, so a folder without one is no package; what fails leaves the folder empty. Throws `conflict`
 * where the folder holds something.
 */
export async function writePackage(call: Invocation, order: PackageOrder): Promise<ModelPackage> {
  const { resolved, folder, code } = order
  const type = typeOf(resolved, code !== undefined)
  await mustBeEmpty(folder)
  try {
    return await fill(call, order, type)
  } catch (error) {
    for (const name of await readdir(folder)) await rm(join(folder, name), { recursive: true, force: true })
    throw error
  }
}

type ModelType = ModelPackage['model']['type']

async function fill(call: Invocation, order: PackageOrder, type: ModelType): Promise<ModelPackage> {
  const { resolved, folder, code, withProgram, signal } = order
  const { environment, model } = resolved
  const place = type === 'mlflow_model' ? 'model' : `model/${lastPart(model.path) || model.name}`
  const { file = '', columns } = (type === 'onnx' ? model.onnx : undefined) ?? {}
  const path = file === '' ? place : `${place}/${file}`
  const source = { client: call.client, surroundings: call.surroundings, quiet: call.globals.onlyShowErrors, signal }
  await saveTree(source, model.tree, model.path, join(folder, model.is_file ? 'model' : place))
  for (const file of code?.files ?? []) await copyInto(join(folder, 'code'), file)
  if (environment !== undefined) await writeFile(join(folder, lockFile), environment.lock)
  const manifest: ModelPackage = {
    format: 1,
    model: { ...provenanceOf(model), type, path, ...(columns === undefined ? {} : { columns }) },
    ...(code === undefined ? {} : { code: { path: 'code', scoring_script: code.scoringScript } }),
    ...(environment === undefined ? {} : { environment: lockOf(environment) }),
    created_at: new Date().toISOString(),
    created_by: call.settings.actor.value,
    hagane_version: version,
    files: {},
  }
  if (withProgram) await writeProgram(folder, manifest)
  const whole = { ...manifest, files: await digestsOf(folder) }
  await writeFile(join(folder, modelPackageFile), `${JSON.stringify(whole, undefined, 2)}\n`)
  return whole
}

type Resolved = PackagedModel['model']

const provenanceOf = ({ id, name, version: of, tree, run_id }: Resolved) => ({
  ...{ id, name, version: of, tree },
  ...(run_id === undefined ? {} : { run_id }),
})

const lockOf = ({ id, lock_digest, python }: NonNullable<PackagedModel['environment']>) => ({
  ...(id === undefined ? {} : { id }),
  ...{ lock: lockFile, lock_digest, python },
})

const lastPart = (path: string): string => path.slice(path.lastIndexOf('/') + 1)

function typeOf({ model }: PackagedModel, hasCode: boolean): ModelType {
  if (hasCode) return 'custom_model'
  if (model.onnx !== undefined) return 'onnx'
  if (model.type === 'mlflow_model') return 'mlflow_model'
  if (model.is_file && /\.onnx$/i.test(model.path)) return 'onnx'
  throw new HaganeError('unsupported', `${model.id} is a ${model.type}, which is not served without code`, {
    hint: 'give its scoring script: --code <folder> --scoring-script score.py --environment azureml:<name>:<version>',
  })
}

/** Makes the folder. Throws `conflict` when it holds something, `invalid` when it cannot be made. */
export async function mustBeEmpty(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true }).catch((error: Error) => {
    throw new HaganeError('invalid', `the package cannot be written to ${folder}: ${error.message}`, {
      hint: 'name another folder, new or empty',
    })
  })
  const found = await readdir(folder)
  if (found.length === 0) return
  throw new HaganeError('conflict', `${folder} is not empty: it holds ${found.slice(0, 5).join(', ')}`, {
    hint: 'name another folder, or empty it first',
  })
}

async function copyInto(folder: string, { path, file }: LocalFile): Promise<void> {
  const target = join(folder, path)
  await mkdir(dirname(target), { recursive: true })
  await copyFile(file, target)
}

async function writeProgram(folder: string, manifest: ModelPackage): Promise<void> {
  await copyFile(programBeside('serve/dist/serve.mjs'), join(folder, 'serve.mjs'))
  if (manifest.model.type === 'onnx') await writeOnnxRuntime(folder)
  await writeFile(join(folder, 'serve.sh'), startScript, { mode: 0o755 })
  await writeFile(join(folder, 'Dockerfile'), dockerfileOf(manifest))
  await writeFile(join(folder, 'README.md'), readmeOf(manifest))
}

async function digestsOf(folder: string): Promise<Record<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const paths = entries
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath, entry.name).slice(folder.length + 1))
  const digests: Record<string, string> = {}
  for (const path of paths.sort()) {
    const hash = createHash('sha256')
    await pipeline(createReadStream(join(folder, path)), hash)
    digests[path] = hash.digest('hex')
  }
  return digests
}
