import { readdir, stat } from 'node:fs/promises'
import { basename, dirname, extname, join, resolve } from 'node:path'
import {
  type EnvironmentSpec,
  type GatewayRuntime,
  HaganeError,
  type ModelPackage,
  modelPackageFile,
} from '@hagane/contract'
import { environmentOfModel } from '@hagane/environments'
import { readText, unreadable } from './files.ts'
import { readPackage } from './package.ts'

/** What the packages of a model come from: a lock, a specification, or nothing that says it. */
export type EnvironmentWish = { lock: string } | { spec: EnvironmentSpec } | undefined

/** A model found at a path. */
export interface Servable {
  /** What it is, for people. */
  title: string
  name: string
  /** Reads what it asks for; undefined where the gateway runs it without a Python. */
  environment: (() => Promise<EnvironmentWish>) | undefined
  /** How its workers are started with this interpreter. */
  runtime(python: string): GatewayRuntime
  /** What its prediction ids are to say about it. */
  identity: object
}

const pickles = new Set(['.pkl', '.pickle', '.joblib', '.sav'])

/** Finds out what lies at a path. Throws `not_found`, or `unsupported` that says how it can be served. */
export async function findServable(path: string, allowPickle = false): Promise<Servable> {
  const target = resolve(path)
  const info = await stat(target).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT' && error.code !== 'ENOTDIR') throw unreadable(target, error)
    throw new HaganeError('not_found', `there is nothing at ${target}`, {
      hint: 'name a model folder, a file, the folder of a package, models:/<name>/<version> or runs:/<id>/<path>',
      cause: error,
    })
  })
  if (info.isFile()) return ofFile(target, allowPickle)
  if (!info.isDirectory())
    throw new HaganeError('unsupported', `${target} is neither a file nor a folder (a socket, pipe or device)`)
  const names = await readdir(target).catch((error: NodeJS.ErrnoException) => {
    throw unreadable(target, error)
  })
  if (names.includes(modelPackageFile)) return ofPackage(target)
  if (names.includes('MLmodel')) return ofMlflowModel(target)
  if (names.includes('score.py')) return ofScript(target, target)
  throw new HaganeError('unsupported', `${target} holds no MLmodel, no score.py and no ${modelPackageFile}`, {
    hint: 'log the model with MLflow (mlflow.<flavor>.save_model), or put a score.py with init() and run() beside it',
    details: [{ property: 'target', message: 'nothing that can be served', sent: names.slice(0, 20) }],
  })
}

function ofFile(file: string, allowPickle: boolean): Servable {
  const kind = extname(file).toLowerCase()
  if (pickles.has(kind) && allowPickle)
    return {
      title: 'pickle',
      name: basename(file, extname(file)),
      environment: async () => undefined,
      runtime: python => ({ kind: 'python-pickle', python, model_file: file, model_dir: dirname(file) }),
      identity: { file },
    }
  if (pickles.has(kind))
    throw new HaganeError('unsupported', `${basename(file)} is a pickle: opening it runs whatever code is in it`, {
      hint: 'log the model with MLflow or save it with skops; or put a score.py beside it that loads it, and serve the folder; if you trust the file: --allow-pickle',
    })
  if (kind === '.onnx') return ofOnnx(file)
  throw new HaganeError('unsupported', `${basename(file)} is no model that is known here`, {
    hint: 'serve an ONNX file, the folder of an MLflow model, or a folder with a score.py',
  })
}

const ofOnnx = (file: string, columns?: ModelPackage['model']['columns']): Servable => ({
  title: 'ONNX model',
  name: basename(file, extname(file)),
  environment: undefined,
  runtime: () => ({
    kind: 'onnx',
    model_file: file,
    model_dir: dirname(file),
    ...(columns === undefined ? {} : { columns }),
  }),
  identity: { file },
})

async function ofPackage(folder: string): Promise<Servable> {
  const { manifest, lock } = await readPackage(folder)
  const model = join(folder, manifest.model.path)
  const { name, version, tree } = manifest.model
  const found =
    manifest.code !== undefined
      ? ofScript(join(folder, manifest.code.path), dirname(model), manifest.code.scoring_script)
      : manifest.model.type === 'onnx'
        ? ofOnnx(model, manifest.model.columns)
        : ofMlflowModel(model)
  const identity = { model: [manifest.model.id, tree], lock: manifest.environment?.lock_digest ?? null }
  const environment = found.environment && lock !== undefined ? async () => ({ lock }) : found.environment
  return { ...found, title: `package of ${name}, version ${version}`, name, environment, identity }
}

const ofMlflowModel = (folder: string): Servable => ({
  title: 'MLflow model',
  name: basename(folder),
  environment: async () => ({ spec: await environmentOfModel(readerOf(folder)) }),
  runtime: python => ({ kind: 'python-mlflow', python, model_dir: folder }),
  identity: { folder },
})

function ofScript(code_dir: string, model_dir: string, scoring_script = 'score.py'): Servable {
  const read = readerOf(code_dir)
  return {
    title: 'scoring script',
    name: basename(code_dir),
    environment: async () => {
      const says = (await read('conda.yaml')) ?? (await read('requirements.txt'))
      return says === undefined ? undefined : { spec: await environmentOfModel(read) }
    },
    runtime: python => ({ kind: 'python-score', python, code_dir, scoring_script, model_dir }),
    identity: { folder: code_dir },
  }
}

const readerOf = (folder: string) => (name: string) => readText(join(folder, name))
