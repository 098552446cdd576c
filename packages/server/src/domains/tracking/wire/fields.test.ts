import { describe, expect, it } from 'vitest'
import { choice, double, flag, integer, list, message, readMessage, required, text } from './fields.ts'

const entry = message({ key: required(text), value: text })

describe('a request message', () => {
  it('reads int64 from numbers, text, floats and booleans', () => {
    const read = (n: unknown) => readMessage({ n: integer }, { n }).n
    expect([5, '5', ' -7 ', 1.5, 5.0, true, '+3'].map(read)).toEqual([5, 5, -7, 1, 5, 1, 3])
  })

  it.each(['foo', '1.5', '', 2 ** 53, '9007199254740993', [], {}])('refuses %j as int64', n => {
    expect(() => readMessage({ n: integer }, { n })).toThrow("for parameter 'n' supplied:  Hint: Value was of type")
  })

  it('reads doubles from numbers, text and names', () => {
    const read = (n: unknown) => readMessage({ n: double }, { n }).n
    expect(['1.5', 2, '-1e3', 'Infinity', '-Infinity', 'NaN', '.5', true].map(read)).toEqual([
      1.5,
      2,
      -1000,
      Infinity,
      -Infinity,
      Number.NaN,
      0.5,
      1,
    ])
    expect(() => read('abc')).toThrow(
      "Invalid value \"abc\" for parameter 'n' supplied:  Hint: Value was of type 'str'. See the API docs",
    )
  })

  it('treats null as absent and a missing list as empty', () => {
    expect(readMessage({ a: text, b: list(text) }, { a: null })).toEqual({ b: [] })
  })

  it('takes camelCase names and run_uuid for run_id', () => {
    expect(readMessage({ experiment_id: text }, { experimentId: '1' })).toEqual({ experiment_id: '1' })
    expect(readMessage({ run_id: required(text) }, { run_uuid: 'r' })).toEqual({ run_id: 'r' })
    expect(readMessage({ run_id: required(text) }, { run_id: '', run_uuid: 'r' })).toEqual({ run_id: 'r' })
  })

  it('names the first missing field in the order of the shape', () => {
    expect(() => readMessage({ name: required(text), n: integer }, { n: 'x' })).toThrow(
      "Missing value for required parameter 'name'. See the API docs for more information about request parameters.",
    )
    expect(() => readMessage({ name: required(text) }, { name: '' })).toThrow(
      "Missing value for required parameter 'name'",
    )
  })

  it('names the path of a nested field', () => {
    expect(() => readMessage({ tags: list(entry) }, { tags: [{ key: 'a' }, { value: 'x' }] })).toThrow(
      "Missing value for required parameter 'tags[1].key'",
    )
    expect(() => readMessage({ tags: list(entry) }, { tags: '5' })).toThrow('Invalid value "5" for parameter \'tags\'')
    expect(() => readMessage({ tags: list(entry) }, { tags: [1] })).toThrow("Invalid value 1 for parameter 'tags[0]'")
  })

  it('refuses an empty list where one is required', () => {
    expect(() => readMessage({ models: required(list(text)) }, { models: [] })).toThrow(
      "Missing value for required parameter 'models'",
    )
  })

  it('reads enums by name and number and booleans by name', () => {
    const status = choice({ RUNNING: 1, FINISHED: 3 })
    expect(['FINISHED', 3, '1'].map(s => readMessage({ s: status }, { s }).s)).toEqual([
      'FINISHED',
      'FINISHED',
      'RUNNING',
    ])
    expect(() => readMessage({ s: status }, { s: 'DONE' })).toThrow('Invalid value "DONE"')
    expect(['True', false].map(f => readMessage({ f: flag }, { f }).f)).toEqual([true, false])
  })

  it('ignores unknown members, also those of the prototype', () => {
    expect(readMessage({ name: text }, JSON.parse('{"name":"a","toString":1,"__proto__":{"x":1}}'))).toEqual({
      name: 'a',
    })
  })
})
