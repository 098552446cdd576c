import { HaganeError } from '@hagane/contract'
import { misfit, misfitText, putCell } from '../inference/cells.ts'
import { foundText, type InferenceRequest } from '../inference/request.ts'
import { arrayOf, type Datatype, datatypes, elementsOf, isDatatype, type Tensor } from '../inference/tensor.ts'
import { parseJson } from './mlflow-json.ts'
import { dataOfBytes } from './oip-bytes.ts'

type Json = Record<string, unknown>
const types = [...Object.keys(datatypes), 'BYTES']
const hint = 'see the Open Inference Protocol v2: {"inputs": [{"name", "shape", "datatype", "data"}]}'

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)

/**
 * Reads the body of `/infer` (Open Inference Protocol v2). `headerLength` is what Inference-Header-Content-Length says:
 * after that many bytes of JSON come the tensors that have `binary_data_size`. Throws `invalid`.
 */
export function readOip(body: Buffer, headerLength: number | undefined): InferenceRequest {
  if (headerLength !== undefined && headerLength > body.length) {
    throw refused('Inference-Header-Content-Length', 'longer than the body', headerLength, body.length)
  }
  const value = parseJson(headerLength === undefined ? body : body.subarray(0, headerLength), hint)
  if (!isObject(value) || !Array.isArray(value.inputs) || value.inputs.length === 0) {
    const found = isObject(value) ? Object.keys(value).slice(0, 10).join(', ') || 'nothing' : foundText(value)
    throw refused('inputs', 'the body must be an object with a list of inputs', found, 'a list of tensors')
  }
  const binary = new BinaryPart(headerLength === undefined ? Buffer.alloc(0) : body.subarray(headerLength))
  const tensors = value.inputs.map((input: unknown, at) => tensorOf(input, `inputs[${at}]`, binary))
  binary.checkEnd()
  const parameters = isObject(value.parameters) ? value.parameters : {}
  return {
    input: { kind: 'tensors', tensors },
    params: parameters,
    binaryOutputs: parameters.binary_data_output === true,
    ...(typeof value.id === 'string' ? { id: value.id } : {}),
    ...(Array.isArray(value.outputs) && value.outputs.length > 0 ? { outputs: value.outputs.map(outputOf) } : {}),
  }
}

const refused = (property: string, message: string, sent: unknown, allowed: unknown): HaganeError =>
  new HaganeError('invalid', `${property}: ${message}, found ${typeof sent === 'string' ? sent : foundText(sent)}`, {
    hint,
    details: [{ property, message, sent, allowed }],
  })

function outputOf(output: unknown, at: number): { name: string; binary: boolean } {
  if (!isObject(output) || typeof output.name !== 'string') {
    throw refused(`outputs[${at}].name`, 'each output that is asked for has a name', foundText(output), 'text')
  }
  return { name: output.name, binary: isObject(output.parameters) && output.parameters.binary_data === true }
}

/** The bytes after the JSON, handed out in order. */
class BinaryPart {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  take(property: string, size: unknown): Buffer {
    const left = this.#bytes.length - this.#at
    if (!Number.isInteger(size) || (size as number) < 0 || (size as number) > left) {
      throw refused(
        `${property}.parameters.binary_data_size`,
        'not the size of bytes that follow',
        size,
        `0 to ${left}`,
      )
    }
    const start = this.#at
    this.#at += size as number
    return this.#bytes.subarray(start, this.#at)
  }

  checkEnd(): void {
    const left = this.#bytes.length - this.#at
    if (left > 0) throw refused('inputs', 'binary data that no input claims', `${left} bytes`, 0)
  }
}

function tensorOf(input: unknown, property: string, binary: BinaryPart): Tensor {
  if (!isObject(input)) throw refused(property, 'each input is an object', foundText(input), 'an object')
  const { name, shape, datatype, data, parameters } = input
  if (typeof name !== 'string' || name === '') throw refused(`${property}.name`, 'missing', foundText(name), 'text')
  if (typeof datatype !== 'string' || !isDatatype(datatype)) {
    throw refused(`${property}.datatype`, `one of ${types.join(', ')}`, foundText(datatype), types)
  }
  if (!Array.isArray(shape) || !shape.every(size => Number.isInteger(size) && size >= 0)) {
    throw refused(`${property}.shape`, 'a list of whole numbers from 0', JSON.stringify(shape) ?? 'nothing', '[1, 4]')
  }
  const size = isObject(parameters) ? parameters.binary_data_size : undefined
  if (size !== undefined) {
    const bytes = binary.take(property, size)
    return { name, datatype, shape, data: dataOfBytes(name, datatype, shape, bytes) }
  }
  if (!Array.isArray(data)) throw refused(`${property}.data`, 'a list of values', foundText(data), 'a list')
  return { name, datatype, shape, data: dataOfJson(name, datatype, shape, data.flat(Number.POSITIVE_INFINITY)) }
}

function dataOfJson(name: string, datatype: Datatype, shape: readonly number[], cells: unknown[]): Tensor['data'] {
  const count = elementsOf(shape)
  if (cells.length !== count) {
    throw refused(`input '${name}'`, `its shape asks for ${count} values`, `${cells.length} values`, count)
  }
  const data = arrayOf(datatype, count)
  const width = elementsOf(shape.slice(1)) || 1
  for (let at = 0; at < count; at += 1) {
    const cell = cells[at]
    const fits =
      datatype === 'BOOL' && (cell === 0 || cell === 1)
        ? putCell(data, at, 'UINT8', cell)
        : putCell(data, at, datatype, cell)
    if (fits) continue
    const [row, column] = [Math.floor(at / width), at % width]
    const where = `input '${name}', row ${row}${shape.length > 1 ? `, column ${column}` : ''}`
    throw misfit(
      where,
      `${name}[${row}]${shape.length > 1 ? `[${column}]` : ''}`,
      datatype,
      misfitText(datatype, cell),
      cell,
    )
  }
  return data
}
