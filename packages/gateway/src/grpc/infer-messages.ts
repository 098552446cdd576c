import { HaganeError } from '@hagane/contract'
import { arrayOf, type Datatype, isDatatype, type NumericArray, type Tensor } from '../inference/tensor.ts'
import { bytesOfTensor } from '../protocols/oip-bytes.ts'

interface GrpcTensor {
  name: string
  datatype: string
  shape: number[]
  parameters: Record<string, InferParameter>
  contents?: Record<string, unknown[]>
}

interface InferParameter {
  bool_param?: boolean
  int64_param?: number
  string_param?: string
  double_param?: number
  uint64_param?: number
}

export interface InferRequest {
  model_name: string
  model_version: string
  id: string
  parameters: Record<string, InferParameter>
  inputs: GrpcTensor[]
  outputs: { name: string }[]
  raw_input_contents: Buffer[]
}

interface RestTensor {
  name: string
  datatype: string
  shape: number[]
  parameters: { binary_data_size: number }
}

interface RestAnswer {
  model_name: string
  model_version: string
  id: string
  parameters: { prediction_id: string }
  outputs: RestTensor[]
}

/** A `ModelInferRequest` as body of the REST protocol, its tensors as bytes after the JSON. Throws `invalid`. */
export function restOfInfer(request: InferRequest): { headerLength: number; body: Buffer } {
  const raw = request.raw_input_contents
  if (raw.length > 0 && raw.length !== request.inputs.length) {
    throw new HaganeError(
      'invalid',
      `raw_input_contents has ${raw.length} items, expected one for each of ${request.inputs.length} inputs`,
    )
  }
  const parts = request.inputs.map((input, at) => raw[at] ?? bytesOfContents(input))
  const head = {
    ...(request.id === '' ? {} : { id: request.id }),
    parameters: { ...plain(request.parameters), binary_data_output: true },
    inputs: request.inputs.map(({ name, datatype, shape, parameters }, at) => ({
      name,
      datatype,
      shape,
      parameters: { ...plain(parameters), binary_data_size: parts[at]?.length ?? 0 },
    })),
    outputs: request.outputs.map(({ name }) => ({ name })),
  }
  const json = Buffer.from(JSON.stringify(head))
  return { headerLength: json.length, body: Buffer.concat([json, ...parts]) }
}

const plain = (parameters: Record<string, InferParameter>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(parameters).map(([name, choice]) => [name, Object.values(choice)[0]]))

const contentsOf: Readonly<Record<Datatype, string | undefined>> = {
  BOOL: 'bool_contents',
  UINT8: 'uint_contents',
  UINT16: 'uint_contents',
  UINT32: 'uint_contents',
  UINT64: 'uint64_contents',
  INT8: 'int_contents',
  INT16: 'int_contents',
  INT32: 'int_contents',
  INT64: 'int64_contents',
  FP16: undefined,
  FP32: 'fp32_contents',
  FP64: 'fp64_contents',
  BYTES: 'bytes_contents',
}

/** Typed contents as bytes; FP16 has none and comes as raw_input_contents. */
function bytesOfContents({ name, datatype, shape, contents }: GrpcTensor): Buffer {
  if (!isDatatype(datatype)) {
    throw new HaganeError('invalid', `input '${name}': unknown datatype '${datatype}'`, {
      details: [{ property: name, message: 'unknown datatype', sent: datatype, allowed: Object.keys(contentsOf) }],
    })
  }
  const field = contentsOf[datatype]
  const values = field === undefined ? [] : (contents?.[field] ?? [])
  if (datatype === 'BYTES') {
    const texts = values.map(value => Buffer.from(value as Uint8Array).toString('utf8'))
    return bytesOfTensor({ name, datatype, shape, data: texts })
  }
  const data = arrayOf(datatype, values.length) as NumericArray
  const isBig = data instanceof BigInt64Array || data instanceof BigUint64Array
  for (const [at, value] of values.entries()) data[at] = isBig ? BigInt(value as number) : Number(value)
  return bytesOfTensor({ name, datatype, shape, data } satisfies Tensor)
}

/** The answer of the REST protocol as a `ModelInferResponse` with raw_output_contents. */
export function inferOfRest(body: Buffer, headerLength: number): object {
  const head = JSON.parse(body.toString('utf8', 0, headerLength)) as RestAnswer
  let at = headerLength
  const raw_output_contents = head.outputs.map(({ parameters }) => {
    const start = at
    at += parameters.binary_data_size
    return body.subarray(start, at)
  })
  return {
    model_name: head.model_name,
    model_version: head.model_version,
    id: head.id,
    parameters: { prediction_id: { string_param: head.parameters.prediction_id } },
    outputs: head.outputs.map(({ name, datatype, shape }) => ({ name, datatype, shape })),
    raw_output_contents,
  }
}
