import { HaganeError } from '@hagane/contract'
import { misfit, misfitText, putCell } from './cells.ts'
import { foundText } from './request.ts'
import { arrayOf, checkShape, elementsOf, type Tensor, type TensorSpec } from './tensor.ts'

/**
 * A nested list as a tensor of a model's input. Throws `invalid` that names the input, the row, and the column where it
 * is one, when lists are ragged, the shape is another or a value does not fit.
 */
export function tensorOfNested(spec: TensorSpec, value: unknown): Tensor {
  const shape = shapeOf(value)
  checkShape(spec.name, shape, spec.shape)
  const data = arrayOf(spec.datatype, elementsOf(shape))
  const fill = (part: unknown, depth: number, at: number, where: number[]): number => {
    if (depth === shape.length) {
      if (!putCell(data, at, spec.datatype, part)) throw cellMisfit(spec, where, part)
      return at + 1
    }
    if (!Array.isArray(part) || part.length !== shape[depth]) throw ragged(spec.name, shape, where, part)
    let next = at
    for (let index = 0; index < part.length; index += 1) {
      where[depth] = index
      next = fill(part[index], depth + 1, next, where)
    }
    where.length = depth
    return next
  }
  fill(value, 0, 0, [])
  return { name: spec.name, datatype: spec.datatype, shape, data }
}

/** The shape that the first elements of a nested list tell. */
function shapeOf(value: unknown): number[] {
  const shape: number[] = []
  for (let part = value; Array.isArray(part); part = part[0]) shape.push(part.length)
  return shape
}

/** `row 1, column 2` of a position. */
export function placeText(name: string, where: readonly number[]): string {
  const [row, column, ...deeper] = where
  if (row === undefined) return `input '${name}'`
  const inner = column === undefined ? '' : `, column ${[column, ...deeper].join('.')}`
  return `input '${name}', row ${row}${inner}`
}

const propertyOf = (name: string, where: readonly number[]): string => `${name}${where.map(at => `[${at}]`).join('')}`

const cellMisfit = ({ name, datatype }: TensorSpec, where: number[], cell: unknown): HaganeError =>
  misfit(placeText(name, where), propertyOf(name, where), datatype, misfitText(datatype, cell), cell)

function ragged(name: string, shape: number[], where: number[], part: unknown): HaganeError {
  const wanted = shape[where.length]
  const found = Array.isArray(part) ? `${part.length}` : foundText(part)
  return new HaganeError('invalid', `${placeText(name, where)}: expected ${wanted} values, found ${found}`, {
    details: [{ property: propertyOf(name, where), message: 'ragged list', sent: found, allowed: wanted }],
  })
}
