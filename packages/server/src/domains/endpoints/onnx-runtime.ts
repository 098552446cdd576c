import { type GatewayRuntime, HaganeError, type OnlineDeploymentSpec } from '@hagane/contract'
import { parse } from 'yaml'
import { type BlobStore, subtree } from '../../kernel/blobs/index.ts'
import { COMMAND } from './command-runtime.ts'
import type { ServedModel } from './types.ts'

type Columns = Extract<GatewayRuntime, { kind: 'onnx' }>['columns']

/** What stands for the lock of an environment where no Python runs; the gateway brings this version. */
export const onnxLock = 'onnxruntime-node@1.30.0'

/** An ONNX file below a model's path, and the columns that an MLflow signature gives it. */
export interface OnnxContent {
  readonly file: string
  readonly columns?: Columns
}

/** Scalar types of a column signature that a tensor can hold. */
const scalar = new Set(['boolean', 'integer', 'long', 'float', 'double', 'string'])

/**
 * The ONNX file that the gateway can run by itself: a model that is one, holds one, or is an MLflow model of the onnx
 * flavor. undefined where the author gave code, a command or an environment, or where MLflow has to prepare the input.
 */
export async function onnxOf(
  blobs: BlobStore,
  spec: OnlineDeploymentSpec,
  model: ServedModel | undefined,
): Promise<OnnxContent | undefined> {
  const isOwn = spec.code_configuration ?? spec.environment ?? spec.properties?.[COMMAND]
  if (model === undefined || isOwn !== undefined) return undefined
  const entries = subtree(await blobs.getTree(model.tree), model.path)
  if (model.type === 'mlflow_model') {
    const mlmodel = entries.find(entry => entry.path === 'MLmodel')
    return mlmodel === undefined ? undefined : onnxOfMlmodel((await blobs.readAll(mlmodel.digest)).toString('utf8'))
  }
  if (/\.onnx$/i.test(model.path) && entries.length === 1) return { file: '' }
  const files = entries.flatMap(({ path }) => (/\.onnx$/i.test(path) ? [path] : []))
  if (files.length > 1) throw severalFiles(files)
  return files[0] === undefined ? undefined : { file: files[0] }
}

/** What an MLmodel file says of its onnx flavor; undefined when it has none or a signature that MLflow has to read. */
export function onnxOfMlmodel(text: string): OnnxContent | undefined {
  const { flavors, signature } = (parse(text) ?? {}) as MlmodelFile
  const file = flavors?.onnx?.data
  if (typeof file !== 'string' || signature?.params) return undefined
  const inputs = typeof signature?.inputs === 'string' ? (JSON.parse(signature.inputs) as ColumnOrTensor[]) : []
  if (inputs.every(({ type }) => type === 'tensor')) return { file }
  if (!inputs.every(({ type }) => scalar.has(type))) return undefined
  const columns = inputs.map(({ name, type, required }) => ({
    ...(name === undefined ? {} : { name }),
    type,
    required: required !== false,
  }))
  return { file, columns }
}

interface MlmodelFile {
  flavors?: { onnx?: { data?: unknown } }
  signature?: { inputs?: unknown; params?: unknown }
}

interface ColumnOrTensor {
  name?: string
  type: string
  required?: boolean
}

const severalFiles = (files: string[]): HaganeError =>
  new HaganeError('invalid', `model.path: the model holds ${files.length} ONNX files, and one is served`, {
    hint: 'name the file in model.path, or give code_configuration with a scoring script',
    details: [{ property: 'model.path', message: 'several ONNX files', sent: files.slice(0, 20), allowed: 'one file' }],
  })
