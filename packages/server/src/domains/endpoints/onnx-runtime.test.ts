import { expect, test } from 'vitest'
import { onnxOfMlmodel } from './onnx-runtime.ts'

const mlmodel = (signature: object, flavor = 'onnx'): string =>
  JSON.stringify({
    flavors: { [flavor]: { data: 'model.onnx' } },
    signature: Object.fromEntries(Object.entries(signature).map(([name, value]) => [name, JSON.stringify(value)])),
  })

test('an MLmodel of the onnx flavor is run by the gateway with the columns of its signature', () => {
  const inputs = [
    { type: 'double', name: 'a', required: true },
    { type: 'long', name: 'b', required: false },
  ]
  const columns = [
    { name: 'a', type: 'double', required: true },
    { name: 'b', type: 'long', required: false },
  ]
  expect(onnxOfMlmodel(mlmodel({ inputs }))).toEqual({ file: 'model.onnx', columns })
})

test('a signature of tensors leaves the check to the inputs of the model itself', () => {
  const inputs = [{ type: 'tensor', 'tensor-spec': { dtype: 'float32', shape: [-1, 4] } }]
  expect(onnxOfMlmodel(mlmodel({ inputs }))).toEqual({ file: 'model.onnx' })
  expect(onnxOfMlmodel(mlmodel({}))).toEqual({ file: 'model.onnx' })
})

test.each([
  ['another flavor', mlmodel({}, 'sklearn')],
  ['nested columns', mlmodel({ inputs: [{ type: 'array', name: 'a', items: { type: 'double' } }] })],
  ['parameters', mlmodel({ params: [{ name: 'k', type: 'long', default: 1 }] })],
])('%s stay with MLflow', (_, text) => {
  expect(onnxOfMlmodel(text)).toBeUndefined()
})
