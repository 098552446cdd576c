import { describe, expect, it } from 'vitest'
import { outputsOf, rowsOfRequest } from './decode.ts'
import { compareOutputs } from './outputs.ts'
import { redactor } from './redact.ts'

const bytes = (value: unknown): Uint8Array => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value))
const rows = (value: unknown, type = 'application/json') => rowsOfRequest(bytes(value), type)
const two = [
  { a: 1, b: 'x' },
  { a: 2, b: 'y' },
]

describe('the rows of a request', () => {
  it.each([
    {
      dataframe_split: {
        columns: ['a', 'b'],
        index: [0, 1],
        data: [
          [1, 'x'],
          [2, 'y'],
        ],
      },
    },
    { dataframe_records: two, params: { p: 1 } },
    { instances: two },
    { inputs: { a: [1, 2], b: ['x', 'y'] } },
    {
      input_data: {
        columns: ['a', 'b'],
        data: [
          [1, 'x'],
          [2, 'y'],
        ],
      },
    },
    { data: two },
    two,
    'a,b\r\n1,x\r\n2,y\r\n',
    {
      inputs: [
        { name: 'a', shape: [2], datatype: 'INT64', data: [1, 2] },
        { name: 'b', shape: [2, 1], datatype: 'BYTES', data: [['x'], ['y']] },
      ],
    },
  ])('are found in %j', form => {
    expect(rows(form, typeof form === 'string' ? 'text/csv' : 'application/json')).toEqual(two)
  })
  it('are no more than a tensor has elements, and none where lists are nested without end', () => {
    expect(rows({ inputs: [{ name: 'a', shape: [1e9], datatype: 'INT64', data: [1, 2] }] })).toEqual([
      { a: 1 },
      { a: 2 },
    ])
    expect(rows(`[${'['.repeat(100_000)}${']'.repeat(100_000)}]`)).toBeUndefined()
  })
  it('without names are numbered, and one thing is one row', () => {
    expect(
      rows({
        data: [
          [1, 2],
          [3, 4],
        ],
      }),
    ).toEqual([
      { c0: 1, c1: 2 },
      { c0: 3, c1: 4 },
    ])
    expect(rows({ inputs: [{ name: 'x', shape: [2, 2], datatype: 'FP32', data: [1, 2, 3, 4] }] })).toEqual([
      { x: [1, 2] },
      { x: [3, 4] },
    ])
    expect(rows({ text: 'hi' })).toEqual([{ text: 'hi' }])
    expect(rows('"hi"')).toEqual([{ value: 'hi' }])
  })
  it('of a body that is no text of a known form are not there', () => {
    expect(rowsOfRequest(Buffer.from([0xff, 0xfe]), 'image/png')).toBeUndefined()
    expect(rows('{broken')).toBeUndefined()
    expect(rows('')).toBeUndefined()
  })
  it("have what Python's json writes of numbers that are none, and texts stay texts", () => {
    const body =
      '{"data": [{"a": NaN, "b": -Infinity, "c": "NaN, \\"Infinity\\""}, {"a": Infinity, "b": 1, "c": null}]}'
    expect(rows(body)).toEqual([
      { a: null, b: Number.NEGATIVE_INFINITY, c: 'NaN, "Infinity"' },
      { a: Number.POSITIVE_INFINITY, b: 1, c: null },
    ])
    expect(outputsOf(bytes('[NaN, 0.5]'), 2)).toEqual([null, 0.5])
  })
  it('of CSV may hold quotes, commas and line ends', () => {
    expect(rows('a,b\n"x, ""y""\n z",\n', 'text/csv')).toEqual([{ a: 'x, "y"\n z', b: null }])
  })
})

describe('the outputs of an answer', () => {
  const outputs = (value: unknown, count = 2) => outputsOf(bytes(value), count)
  it.each([
    [{ predictions: [1, 2] }, [1, 2]],
    [
      [1, 2],
      [1, 2],
    ],
    [
      { y: [1, 2], p: [0.1, 0.9] },
      [
        { y: 1, p: 0.1 },
        { y: 2, p: 0.9 },
      ],
    ],
    [{ model_name: 'm', outputs: [{ name: 'y', shape: [2], datatype: 'INT64', data: [1, 2] }] }, [1, 2]],
    ['"[1, 2]"', [1, 2]],
    ['plain words', ['plain words']],
    [{ answer: 4 }, [{ answer: 4 }]],
  ])('of %j', (value, expected) => {
    expect(outputs(value)).toEqual(expected)
  })
})

describe('outputs', () => {
  it('agree within the tolerance, at every place', () => {
    expect(compareOutputs({ p: [0.1, 0.9] }, { p: [0.1, 0.95] }, 0.1)).toMatchObject({ agrees: true })
    const found = compareOutputs({ p: [0.1, 0.9], y: 'a' }, { p: [0.1, 0.95], y: 'b' }, 0.01)
    expect(found).toMatchObject({ agrees: false, sameShape: true })
    expect(found.leaves.map(({ path }) => path)).toEqual(['.p[0]', '.p[1]', '.y'])
  })
  it('of another shape never agree', () => {
    expect(compareOutputs([1, 2], [1], 9)).toMatchObject({ agrees: false, sameShape: false })
    expect(compareOutputs({ a: 1 }, { b: 1 }, 9)).toMatchObject({ agrees: false, sameShape: false })
    expect(compareOutputs([1], 1, 9)).toMatchObject({ sameShape: false })
    expect(compareOutputs(1, '1', 9)).toMatchObject({ agrees: false, sameShape: true })
    expect(compareOutputs(null, null, 0)).toMatchObject({ agrees: true })
  })
})

it('redaction reaches every depth; equal values stay equal under hash', () => {
  const redact = redactor({ email: 'hash', name: 'drop', phone: 'mask' }, 'key')
  const [a, b] = redact([{ email: 'x', name: 'n', in: [{ phone: 1, kept: 2 }] }, { email: 'x' }]) as { email: string }[]
  expect(a).toEqual({ email: expect.stringMatching(/^[0-9a-f]{64}$/), in: [{ phone: '***', kept: 2 }] })
  expect(b?.email).toBe(a?.email)
  expect(redactor({ email: 'hash' }, 'other')({ email: 'x' }).email).not.toBe(a?.email)
})
