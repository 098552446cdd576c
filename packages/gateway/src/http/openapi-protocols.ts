import { jsonSchemaOfTensor } from '../inference/json-schema.ts'
import { datatypes, type TensorSpec } from '../inference/tensor.ts'
import type { ModelDescription } from '../serving/worker.ts'

const ref = (name: string): object => ({ $ref: `#/components/schemas/${name}` })
const json = (schema: object): object => ({ 'application/json': { schema } })
const listOf = (items: object): object => ({ type: 'array', items })
const record = (properties: Record<string, object>, required: string[]): object => ({
  type: 'object',
  properties,
  ...(required.length === 0 ? {} : { required }),
})
const text = { type: 'string' }
const anything = { type: 'object' }

/** What an endpoint is asked and answers beside `/score`, as paths and schemas of an OpenAPI 3 document. */
export interface Protocols {
  paths: Record<string, object>
  schemas: Record<string, object>
}

/**
 * `/invocations` as MLflow's scoring server takes it and `/v2` of the Open Inference Protocol, with the columns or tensors
 * of the model's signature where it has one. Nothing of a server of somebody else's, whose routes are its own.
 */
export function protocolsOf(model: ModelDescription | undefined, endpoint: string): Protocols {
  if (model?.kind === 'command') return { paths: {}, schemas: {} }
  const { inputs = [], outputs = [] } = model?.metadata ?? {}
  const columns = columnsOf(model?.swagger.input)
  const isScript = model === undefined || model.kind === 'score'
  const invocation = isScript ? ref('ServiceInput') : invocationOf(inputs, columns)
  const predictions = record({ predictions: { description: told(outputs, 'the predictions') } }, ['predictions'])
  const isCsv = columns !== undefined && !isScript
  return {
    paths: { '/invocations': invocations(isCsv), ...inferencePaths(`/v2/models/${encodeURIComponent(endpoint)}`) },
    schemas: {
      Invocation: invocation,
      Predictions: isScript ? ref('ServiceOutput') : predictions,
      InferRequest: inferRequestOf(inputs, outputs, columns !== undefined),
      InferResponse: inferResponseOf(outputs),
      ModelMetadata: modelMetadata,
      InferError: record({ error: text }, ['error']),
    },
  }
}

interface TableSchema {
  properties?: { input_data?: { properties?: { columns?: unknown }; example?: { columns?: unknown } } }
}

/** The columns that the schema of `input_data` names; undefined where it is no table. */
function columnsOf(input: object | undefined): string[] | undefined {
  const table = (input as TableSchema | undefined)?.properties?.input_data
  const names = table?.example?.columns
  return table?.properties?.columns !== undefined && Array.isArray(names) ? names.map(String) : undefined
}

function invocations(isCsv: boolean): object {
  const content = { ...json(ref('Invocation')), ...(isCsv ? { 'text/csv': { schema: text } } : {}) }
  const responses = {
    200: { description: 'the predictions', content: json(ref('Predictions')) },
    default: { description: 'why there are none', content: json(ref('ErrorResponse')) },
  }
  return { post: { operationId: 'Invocations', requestBody: { required: true, content }, responses } }
}

/** MLflow's forms of input: all of them for a table or where nothing is known, those of tensors for tensors. */
function invocationOf(inputs: readonly TensorSpec[], columns: string[] | undefined): object {
  const form = (name: string, schema: object): object => record({ [name]: schema, params: anything }, [name])
  const instances = form('instances', listOf({}))
  if (columns === undefined && inputs.length > 0) {
    const named = record(Object.fromEntries(inputs.map(one => [one.name, jsonSchemaOfTensor(one)])), [])
    const [only] = inputs
    const tensors = only !== undefined && inputs.length === 1 ? { anyOf: [jsonSchemaOfTensor(only), named] } : named
    return { anyOf: [form('inputs', tensors), instances] }
  }
  const cellOf = (name: string): object => {
    const spec = inputs.find(one => one.name === name)
    return spec === undefined ? {} : jsonSchemaOfTensor({ ...spec, shape: [] })
  }
  const cells = Object.fromEntries((columns ?? []).map(name => [name, cellOf(name)]))
  const names = { ...listOf(text), ...(columns === undefined ? {} : { example: columns }) }
  const split = record({ columns: names, index: listOf({}), data: listOf(listOf({})) }, ['data'])
  const records = listOf(record(cells, []))
  return {
    anyOf: [form('dataframe_split', split), form('dataframe_records', records), form('inputs', {}), instances],
  }
}

function inferencePaths(model: string): Record<string, object> {
  const failure = { default: { description: 'why there is none', content: json(ref('InferError')) } }
  const get = (operationId: string, description: string, schema: object, more: object = {}): object => ({
    get: { operationId, ...more, responses: { 200: { description, content: json(schema) }, ...failure } },
  })
  const state = (name: string): object => record({ [name]: { type: 'boolean' } }, [name])
  const open = { security: [] }
  const requestBody = { required: true, content: json(ref('InferRequest')) }
  const responses = { 200: { description: 'the output tensors', content: json(ref('InferResponse')) }, ...failure }
  return {
    [`${model}/infer`]: { post: { operationId: 'ModelInfer', requestBody, responses } },
    [model]: get('ModelMetadata', 'the tensors of the model', ref('ModelMetadata')),
    [`${model}/ready`]: get('ModelReady', 'it answers', state('ready'), open),
    '/v2': get('ServerMetadata', 'name, version and extensions of the server', anything, open),
    '/v2/health/live': get('ServerLive', 'the gateway runs', state('live'), open),
    '/v2/health/ready': get('ServerReady', 'a deployment answers', state('ready'), open),
  }
}

/** A tensor as the protocol writes it, its data flat or nested; any name where none is known. */
const tensorOf = (specs: readonly TensorSpec[]): object =>
  record(
    {
      name: nameOf(specs),
      shape: listOf({ type: 'integer' }),
      datatype: { ...text, enum: [...Object.keys(datatypes), 'BYTES'] },
      parameters: anything,
      data: listOf({}),
    },
    ['name', 'shape', 'datatype'],
  )

const nameOf = (specs: readonly TensorSpec[]): object =>
  specs.length === 0 ? text : { ...text, enum: specs.map(one => one.name) }

/** A table may also come as one tensor, whose name is then not that of a column. */
function inferRequestOf(inputs: readonly TensorSpec[], outputs: readonly TensorSpec[], isTable: boolean): object {
  const wanted = listOf(record({ name: nameOf(outputs), parameters: anything }, ['name']))
  const given = { ...listOf(tensorOf(isTable ? [] : inputs)), description: told(inputs, 'the model has no signature') }
  return record({ id: text, parameters: anything, inputs: given, outputs: wanted }, ['inputs'])
}

function inferResponseOf(outputs: readonly TensorSpec[]): object {
  const answered = { ...listOf(tensorOf(outputs)), description: told(outputs, 'the model has no signature') }
  const properties = { model_name: text, model_version: text, id: text, parameters: anything, outputs: answered }
  return record(properties, ['model_name', 'outputs'])
}

const told = (specs: readonly TensorSpec[], otherwise: string): string =>
  specs.map(({ name, datatype, shape }) => `${name}: ${datatype} [${shape.join(', ')}]`).join('; ') || otherwise

const modelMetadata = record(
  { name: text, versions: listOf(text), platform: text, inputs: listOf(tensorOf([])), outputs: listOf(tensorOf([])) },
  ['name', 'platform', 'inputs', 'outputs'],
)
