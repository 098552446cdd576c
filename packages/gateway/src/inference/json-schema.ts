import type { Column } from './columns.ts'
import type { Datatype, TensorSpec } from './tensor.ts'

const jsonType = (datatype: Datatype): string => {
  if (datatype === 'BYTES') return 'string'
  if (datatype === 'BOOL') return 'boolean'
  return datatype.startsWith('FP') ? 'number' : 'integer'
}
const columnJsonTypes: Readonly<Record<string, string>> = {
  boolean: 'boolean',
  integer: 'integer',
  long: 'integer',
  float: 'number',
  double: 'number',
}

/** JSON schema of a tensor as nested lists; of one without dimensions, of its value. */
export function jsonSchemaOfTensor({ datatype, shape }: TensorSpec): object {
  return shape.reduceRight<object>(
    (items, size) => ({ type: 'array', items, ...(size === -1 ? {} : { minItems: size, maxItems: size }) }),
    { type: jsonType(datatype) },
  )
}

/** Tensors by name, or the only one itself, below `key` when there is one. */
export function jsonSchemaOfTensors(key: string | undefined, tensors: readonly TensorSpec[]): object {
  const [only] = tensors
  const named = {
    type: 'object',
    properties: Object.fromEntries(tensors.map(one => [one.name, jsonSchemaOfTensor(one)])),
  }
  const schema = key !== undefined && tensors.length === 1 && only !== undefined ? jsonSchemaOfTensor(only) : named
  return key === undefined ? schema : { type: 'object', properties: { [key]: schema }, required: [key] }
}

/** A table of a column signature, as Azure ML's `input_data` takes it. */
export function jsonSchemaOfColumns(columns: readonly Column[]): object {
  const names = columns.map(({ name }, at) => name ?? String(at))
  const told = columns.map(({ type, required }, at) => `${names[at]}: ${type}${required ? '' : ' (optional)'}`)
  const types = [...new Set(columns.map(({ type }) => columnJsonTypes[type] ?? 'string'))]
  const cell = types.length === 1 ? { type: types[0] } : {}
  const table = {
    type: 'object',
    description: told.join(', '),
    properties: {
      columns: { type: 'array', items: { type: 'string' } },
      index: { type: 'array', items: { type: 'integer' } },
      data: { type: 'array', items: { type: 'array', items: cell, minItems: names.length, maxItems: names.length } },
    },
    required: ['columns', 'data'],
    example: { columns: names, data: [] },
  }
  return { type: 'object', properties: { input_data: table }, required: ['input_data'] }
}
