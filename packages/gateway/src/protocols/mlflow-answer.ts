import { elementsOf, rowsOf, type Tensor } from '../inference/tensor.ts'
import { jsonOfData } from './oip-bytes.ts'

/**
 * Outputs in MLflow's JSON: for a table one record a row, for arrays one nested list an output. `/score` answers it as
 * it is, `/invocations` as `predictions`.
 */
export function writeMlflow(outputs: readonly Tensor[], isTable: boolean, isWrapped: boolean): Buffer {
  const text = isTable ? recordsText(outputs) : namedText(outputs)
  return Buffer.from(isWrapped ? `{"predictions":${text}}` : text)
}

const namedText = (outputs: readonly Tensor[]): string =>
  `{${outputs.map(tensor => `${JSON.stringify(tensor.name)}:${nestedText(tensor)}`).join(',')}}`

function recordsText(outputs: readonly Tensor[]): string {
  const rows = outputs[0]?.shape[0] ?? 0
  const names = outputs.map(({ name }) => JSON.stringify(name))
  const columns = outputs.map(tensor => cellTexts(tensor, rows))
  let text = '['
  for (let row = 0; row < rows; row += 1) {
    text += row === 0 ? '{' : ',{'
    for (let at = 0; at < names.length; at += 1) {
      text += `${at === 0 ? '' : ','}${names[at]}:${columns[at]?.[row]}`
    }
    text += '}'
  }
  return `${text}]`
}

/** What each row holds; of a column that is [n, 1] the value alone, as MLflow's data frame has it. */
function cellTexts(tensor: Tensor, rows: number): string[] {
  const shape = tensor.shape.slice(1)
  return Array.from({ length: rows }, (_, row) => {
    const part = rowsOf(tensor, row, row + 1)
    if (elementsOf(shape) === 1) return jsonOfData(tensor.datatype, part.data).slice(1, -1)
    return nestedText({ ...part, shape })
  })
}

function nestedText({ datatype, shape, data }: Tensor): string {
  if (shape.length === 0) return jsonOfData(datatype, data).slice(1, -1)
  if (shape.length === 1) return jsonOfData(datatype, data)
  const [count = 0, ...inner] = shape
  const size = elementsOf(inner)
  const parts = Array.from({ length: count }, (_, at) => {
    const [from, to] = [at * size, (at + 1) * size]
    const part = Array.isArray(data) ? data.slice(from, to) : data.subarray(from, to)
    return nestedText({ name: '', datatype, shape: inner, data: part })
  })
  return `[${parts.join(',')}]`
}
