import { HaganeError } from '@hagane/contract'
import type * as Ort from 'onnxruntime-node'
import { type Datatype, elementsOf, type NumericArray, type Tensor, type TensorSpec } from '../inference/tensor.ts'

const datatypeOf: Readonly<Record<string, Datatype>> = {
  bool: 'BOOL',
  uint8: 'UINT8',
  uint16: 'UINT16',
  uint32: 'UINT32',
  uint64: 'UINT64',
  int8: 'INT8',
  int16: 'INT16',
  int32: 'INT32',
  int64: 'INT64',
  float16: 'FP16',
  float32: 'FP32',
  float64: 'FP64',
  string: 'BYTES',
}
const typeOf = Object.fromEntries(Object.entries(datatypeOf).map(([type, datatype]) => [datatype, type]))

/** The runtime is loaded only where a model needs it; it is an optional package, native and large. Throws `unsupported`. */
async function loadRuntime(): Promise<typeof Ort> {
  try {
    return await import('onnxruntime-node')
  } catch (error) {
    throw new HaganeError('unsupported', `the ONNX runtime cannot be loaded here: ${(error as Error).message}`, {
      hint: 'install the npm package onnxruntime-node 1.30 beside the gateway',
    })
  }
}

/** One ONNX model as named tensors in and out. */
export class OnnxSession {
  readonly inputs: readonly TensorSpec[]
  readonly outputs: readonly TensorSpec[]
  /** Outputs that are sequences or maps (scikit-learn's zipmap); this runtime cannot read them, so they are left out. */
  readonly leftOut: readonly string[]
  readonly #ort: typeof Ort
  readonly #session: Ort.InferenceSession

  /** Loads a model file; data files beside it are found by ONNX. Throws what the runtime says, or `unsupported`. */
  static async load(file: string, threads: number): Promise<OnnxSession> {
    const ort = await loadRuntime()
    const options = { intraOpNumThreads: threads, interOpNumThreads: 1, logSeverityLevel: 3 } as const
    return new OnnxSession(ort, await ort.InferenceSession.create(file, options))
  }

  private constructor(ort: typeof Ort, session: Ort.InferenceSession) {
    this.#ort = ort
    this.#session = session
    this.inputs = session.inputMetadata.map(meta => {
      if (meta.isTensor) return specOf(meta)
      throw new HaganeError('unsupported', `input '${meta.name}' of the model is no tensor`)
    })
    this.outputs = session.outputMetadata.flatMap(meta => (meta.isTensor ? [specOf(meta)] : []))
    this.leftOut = session.outputMetadata.flatMap(meta => (meta.isTensor ? [] : [meta.name]))
    if (this.outputs.length === 0) {
      throw new HaganeError('unsupported', `no output of the model is a tensor (${this.leftOut.join(', ')})`, {
        hint: "convert it without zipmap: skl2onnx.to_onnx(..., options={'zipmap': False})",
      })
    }
  }

  /** Computes all outputs. Throws what the runtime says. */
  async run(tensors: readonly Tensor[]): Promise<Tensor[]> {
    const feeds = Object.fromEntries(tensors.map(tensor => [tensor.name, this.#toOrt(tensor)]))
    const wanted = this.outputs.map(({ name }) => name)
    const results = await this.#session.run(feeds, wanted)
    return this.outputs.map(({ name, datatype }) => {
      const { dims, data } = results[name] as Ort.Tensor
      return { name, datatype, shape: dims, data: data as NumericArray | string[] }
    })
  }

  #toOrt({ datatype, data, shape }: Tensor): Ort.Tensor {
    return new this.#ort.Tensor(typeOf[datatype] as 'float32', data as Float32Array, shape)
  }
}

function specOf(meta: Ort.InferenceSession.TensorValueMetadata): TensorSpec {
  const datatype = datatypeOf[meta.type]
  if (datatype === undefined) throw new HaganeError('unsupported', `'${meta.name}' has type ${meta.type}`)
  return { name: meta.name, datatype, shape: meta.shape.map(size => (typeof size === 'number' ? size : -1)) }
}

/** How many values a tensor of this spec has when every free dimension but the first is one. */
export const rowSize = ({ shape }: TensorSpec): number => elementsOf(shape.slice(1).map(size => Math.max(1, size)))
