import { HaganeError } from '@hagane/contract'
import type { InferenceRequest } from '../inference/request.ts'
import type { Tensor } from '../inference/tensor.ts'
import { bytesOfTensor, jsonOfData } from './oip-bytes.ts'

/** Who answers: the names in the answer, and the id of the prediction. */
export interface Answering {
  readonly model: string
  readonly version: string
  readonly predictionId: string
}

/**
 * The answer to `/infer` after the Open Inference Protocol v2: JSON, and after it the outputs that are wanted as bytes.
 * Without an id of the caller's own the prediction id is the id; it is in `parameters` either way.
 */
export function writeOip(
  { model, version, predictionId }: Answering,
  request: InferenceRequest,
  outputs: readonly Tensor[],
): { headers: [string, string][]; body: Buffer } {
  const wanted = request.outputs?.map(({ name, binary }) => ({ tensor: outputNamed(outputs, name), binary }))
  const chosen = wanted ?? outputs.map(tensor => ({ tensor, binary: false }))
  const parts: Buffer[] = []
  const texts = chosen.map(({ tensor, binary }) => {
    const { name, datatype, shape } = tensor
    const head = `{"name":${JSON.stringify(name)},"datatype":"${datatype}","shape":[${shape.join(',')}]`
    if (!binary && request.binaryOutputs !== true) return `${head},"data":${jsonOfData(datatype, tensor.data)}}`
    const bytes = bytesOfTensor(tensor)
    parts.push(bytes)
    return `${head},"parameters":{"binary_data_size":${bytes.length}}}`
  })
  const id = JSON.stringify(request.id ?? predictionId)
  const names = `"model_name":${JSON.stringify(model)},"model_version":${JSON.stringify(version)},"id":${id}`
  const parameters = `"parameters":{"prediction_id":${JSON.stringify(predictionId)}}`
  const json = Buffer.from(`{${names},${parameters},"outputs":[${texts.join(',')}]}`)
  if (parts.length === 0) return { headers: [['content-type', 'application/json']], body: json }
  const headers: [string, string][] = [
    ['content-type', 'application/octet-stream'],
    ['inference-header-content-length', String(json.length)],
  ]
  return { headers, body: Buffer.concat([json, ...parts]) }
}

function outputNamed(outputs: readonly Tensor[], name: string): Tensor {
  const found = outputs.find(output => output.name === name)
  if (found !== undefined) return found
  const allowed = outputs.map(output => output.name)
  throw new HaganeError('invalid', `the model has no output '${name}'`, {
    hint: `its outputs are ${allowed.join(', ')}`,
    details: [{ property: 'outputs', message: 'unknown output', sent: name, allowed }],
  })
}
