import { misfit } from '../inference/cells.ts'
import { type Datatype, datatypes, type NumericArray, type Tensor } from '../inference/tensor.ts'

/** Types that become another without being bent: MLflow hands float64 to models of float32, and a wider integer holds a narrower one. */
const castable: Partial<Record<Datatype, readonly Datatype[]>> = {
  FP32: ['FP64', 'FP16'],
  FP64: ['FP32', 'FP16'],
  INT64: ['INT32', 'INT16', 'INT8', 'UINT32', 'UINT16', 'UINT8'],
  INT32: ['INT16', 'INT8', 'UINT16', 'UINT8'],
}

type PlainArray = Exclude<NumericArray, BigInt64Array | BigUint64Array>

/** The tensor as `datatype`; throws `invalid` where that would change values. */
export function castTensor(tensor: Tensor, datatype: Datatype): Tensor {
  if (tensor.datatype === datatype) return tensor
  if (datatype === 'BYTES' || castable[datatype]?.includes(tensor.datatype) !== true) {
    throw misfit(`input '${tensor.name}'`, tensor.name, datatype, tensor.datatype, tensor.datatype)
  }
  const data: NumericArray = new datatypes[datatype].array(tensor.data.length)
  const source = tensor.data as PlainArray
  if (data instanceof BigInt64Array) for (let at = 0; at < source.length; at += 1) data[at] = BigInt(source[at] ?? 0)
  else (data as PlainArray).set(source)
  return { ...tensor, datatype, data }
}
