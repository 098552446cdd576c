import { expect, test } from 'vitest'
import { arrayOf, elementsOf, type Tensor } from '../inference/tensor.ts'
import { keyOf } from './served-model.ts'

const feeds = (...shapes: number[][]) => {
  const tensors = shapes.map((shape, at): Tensor => {
    return { name: `x${at}`, datatype: 'FP32', shape, data: arrayOf('FP32', elementsOf(shape)) }
  })
  return { tensors, rows: shapes[0]?.[0] ?? 1 }
}

test('requests share a run when their rows have the same shape', () => {
  expect(keyOf(feeds([1, 4], [1]))).toBe(keyOf(feeds([3, 4], [3])))
  expect(keyOf(feeds([1, 4], [1]))).not.toBe(keyOf(feeds([1, 5], [1])))
  expect(keyOf(feeds([2, 12]))).not.toBe(keyOf(feeds([2, 1, 2])))
  expect(keyOf(feeds([2]))).toBeTruthy()
})

test('a request whose inputs differ in their rows shares none: its rows would meet those of others', () => {
  expect([keyOf(feeds([1, 4], [2])), keyOf(feeds([2, 4], [1])), keyOf(feeds([]))]).toEqual(Array(3).fill(undefined))
})
