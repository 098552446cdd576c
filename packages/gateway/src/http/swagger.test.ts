import { expect, test } from 'vitest'
import { jsonSchemaOfColumns, jsonSchemaOfTensors } from '../inference/json-schema.ts'
import type { TensorSpec } from '../inference/tensor.ts'
import type { ModelDescription } from '../serving/worker.ts'
import { swaggerOf } from './swagger.ts'

const age: TensorSpec = { name: 'age', datatype: 'FP64', shape: [-1] }
const name: TensorSpec = { name: 'full name', datatype: 'BYTES', shape: [-1] }
const image: TensorSpec = { name: 'X', datatype: 'FP32', shape: [-1, 4] }
const label: TensorSpec = { name: 'label', datatype: 'INT64', shape: [-1] }
const columns = [
  { name: 'age', type: 'double', required: true },
  { name: 'full name', type: 'string', required: false },
]
const described = (kind: ModelDescription['kind'], input: object, inputs: TensorSpec[] = []): ModelDescription => ({
  kind,
  needs_head: false,
  batching: false,
  swagger: { documents: {}, input, output: {} },
  ...(kind === 'score' ? {} : { metadata: { platform: kind, inputs, outputs: [label] } }),
})
interface Document {
  paths: Record<string, Record<string, { security?: unknown[]; requestBody?: { content: Record<string, unknown> } }>>
  components: { schemas: Record<string, unknown> }
}
const openapi = (model: ModelDescription | undefined, endpoint = 'iris'): Document =>
  swaggerOf(model, '3', endpoint, '/endpoints/iris') as Document
const table = described('mlflow', jsonSchemaOfColumns(columns), [age, name])

test.each([
  ['a table', table],
  ['tensors', described('onnx', jsonSchemaOfTensors('input_data', [image]), [image])],
  ['a script', described('score', { type: 'object' })],
  ['a server of its own', described('command', {})],
  ['no worker yet', undefined],
])('every reference in the document of %s leads somewhere, and each operation has a name of its own', (_, model) => {
  const document = openapi(model)
  const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)]
  expect(references.length).toBeGreaterThan(0)
  for (const [, name = ''] of references) expect(document.components.schemas).toHaveProperty(name)
  const ids = Object.values(document.paths).flatMap(path => Object.values(path).map(one => JSON.stringify(one)))
  const names = ids.map(one => /"operationId":"(\w+)"/.exec(one)?.[1])
  expect(new Set(names).size).toBe(ids.length)
})

test('a signature of columns is told in every form that a table may have', () => {
  const { paths, components } = openapi(table)
  expect(Object.keys(paths['/invocations']?.post?.requestBody?.content ?? {})).toEqual(['application/json', 'text/csv'])
  const forms = (components.schemas.Invocation as { anyOf: { properties: Record<string, unknown> }[] }).anyOf
  expect(forms.map(({ properties }) => Object.keys(properties)[0])).toEqual([
    'dataframe_split',
    'dataframe_records',
    'inputs',
    'instances',
  ])
  expect(forms[1]?.properties.dataframe_records).toEqual({
    type: 'array',
    items: { type: 'object', properties: { age: { type: 'number' }, 'full name': { type: 'string' } } },
  })
  expect(JSON.stringify(components.schemas.InferRequest)).toContain('age: FP64 [-1]; full name: BYTES [-1]')
})

test('tensors are told by name and shape, for MLflow and for the Open Inference Protocol', () => {
  const { paths, components } = openapi(described('onnx', jsonSchemaOfTensors('input_data', [image]), [image]))
  const tensor = { type: 'array', items: { type: 'array', items: { type: 'number' }, minItems: 4, maxItems: 4 } }
  expect(Object.keys(paths['/invocations']?.post?.requestBody?.content ?? {})).toEqual(['application/json'])
  expect(components.schemas.Invocation).toMatchObject({
    anyOf: [
      { properties: { inputs: { anyOf: [tensor, { properties: { X: tensor } }] } }, required: ['inputs'] },
      { required: ['instances'] },
    ],
  })
  expect(components.schemas.InferRequest).toMatchObject({
    properties: { inputs: { items: { properties: { name: { enum: ['X'] } } } } },
    required: ['inputs'],
  })
  expect(components.schemas.InferResponse).toMatchObject({
    properties: { outputs: { items: { properties: { name: { enum: ['label'] } } } } },
  })
})

test('the routes are those of the endpoint; its health asks for no key', () => {
  const { paths } = openapi(undefined, 'ä b')
  expect(paths).toHaveProperty(['/v2/models/%C3%A4%20b/infer', 'post', 'requestBody'])
  expect(paths['/v2/health/ready']?.get?.security).toEqual([])
  expect(paths['/v2/models/%C3%A4%20b']?.get?.security).toBeUndefined()
})

test('version 2 stays as Azure ML has it, and a server of somebody else is told by /score alone', () => {
  const two = swaggerOf(table, '2', 'iris', '/') as Document
  expect(Object.keys(two.paths)).toEqual(['/', '/score'])
  expect(Object.keys(openapi(described('command', {})).paths)).toEqual(['/', '/score'])
  expect(swaggerOf(table, '4', 'iris', '/')).toBeUndefined()
})
