import type { Case } from './ask-both.ts'

const loss = 'text is no number, 1.5 no integer, and nothing is cut to fit'
const tables = 'MLflow pads rows or drops what does not fit'
const wider = 'Hagane takes more'
const json = (of: string, value: unknown, unlike?: Case['unlike']): Case => ({
  of,
  body: typeof value === 'string' ? value : JSON.stringify(value),
  ...(unlike === undefined ? {} : { unlike }),
})
const typed = (of: string, body: string | Uint8Array, type: string, unlike?: Case['unlike']): Case => ({
  of,
  body,
  headers: { 'content-type': type },
  ...(unlike === undefined ? {} : { unlike }),
})

const rows = [
  [1, 0],
  [2.5, 1],
]
const split = { columns: ['a', 'b'], data: rows }
const records = [
  { a: 1, b: 0 },
  { a: 2.5, b: 1 },
]
const whole = JSON.stringify({ dataframe_split: split })

/** Bodies that say the same to any model of the columns `a` and `b`. */
const forms = (of: string): Case[] => [
  json(of, { dataframe_split: split }),
  json(of, { dataframe_split: { ...split, index: ['x', 'y'] } }),
  json(of, { dataframe_split: { ...split, index: [7] } }),
  json(of, { dataframe_split: { columns: ['a'], data: [[1]] } }),
  json(of, { dataframe_split: { columns: ['a', 'b', 'c'], data: [[1, 2, 3]] } }),
  json(of, { dataframe_split: { columns: ['a', 'b'], data: { a: [1], b: [2] } } }),
  json(of, { dataframe_split: { columns: ['a', 'b'], data: [{ b: 2, a: 1 }] } }),
  json(of, { dataframe_split: records }),
  json(of, { dataframe_split: { columns: ['a', 'b'] } }),
  json(of, { dataframe_split: { ...split, more: 1 } }),
  json(of, { dataframe_split: null }),
  json(of, { dataframe_records: records }),
  json(of, { dataframe_records: { a: [1], b: [2] } }),
  json(of, { dataframe_records: 'x' }),
  json(of, { instances: { a: [1, 2], b: [0] } }),
  json(of, { inputs: [[1, 0], [2]] }),
  typed(of, 'a,b\n1,0\n2.5,1\n', 'text/csv'),
  typed(of, 'a,b\r\n1,0\r\n', 'text/csv; charset=utf-8'),
  typed(of, '\ufeffa,b\n1,0\n', 'text/csv'),
  typed(of, 'a,b\n1e3,2\n', 'text/csv'),
  typed(of, 'a,b\n\n"1",2\n', 'text/csv'),
  typed(of, '', 'text/csv'),
  typed(of, 'a,b\n"1,2\n', 'text/csv'),
  typed(of, new Uint8Array([97, 10, 255]), 'text/csv'),
  typed(of, 'a,b\n1,0\n', 'text/csv; charset=latin-1'),
  typed(of, whole, 'application/json; charset=UTF-8'),
  typed(of, whole, 'application/json;charset=utf-8'),
  typed(of, whole, 'application/json; charset=latin-1'),
  typed(of, whole, 'application/json; something=something'),
  typed(of, whole, 'text/csv; header=present'),
  typed(of, whole, 'not_a_supported_content_type'),
  typed(of, whole, 'text/plain'),
  typed(of, whole, 'application/json; charset="utf-8"', [200, wider]),
  typed(of, whole, 'Application/JSON', [200, wider]),
  json(of, `\ufeff${whole}`),
  ...['', 'null', '[]', '1', '"1"', '{}', 'this is,,,, not valid json', '{', `${whole} x`].map(body => json(of, body)),
  json(of, { not: 'a serialized dataframe' }),
  json(of, { dataframe_records: [], dataframe_split: { data: [] } }),
  json(of, { inputs: rows, instances: rows }),
  json(of, { params: {} }),
  json(of, { dataframe_split: split, other: 1 }),
  json(of, { dataframe_split: split, params: { unknown: 1 } }),
  json(of, '{"dataframe_split": {"data": []}, "dataframe_split": {"columns": ["a", "b"], "data": [[1, 2]]}}'),
  json(of, { input_data: split }, [200, 'Azure ML’s format is taken everywhere']),
  json(of, `{"inputs": ${'['.repeat(3000)}${']'.repeat(3000)}}`, [400, 'too deep is the caller’s fault']),
]

const line: Case[] = [
  ...forms('line'),
  json('line', { dataframe_split: { columns: ['b', 'a'], data: [[1, 0]] } }),
  json('line', { dataframe_split: { columns: ['a', 'b'], data: [[1], [2]] } }),
  json('line', { dataframe_split: { columns: ['a', 'b'], data: [] } }),
  json('line', { dataframe_records: [{ a: 1 }, { b: 1 }] }),
  json('line', { dataframe_records: [{ a: 1, b: null }] }),
  json('line', { instances: records }),
  json('line', { inputs: records }),
  json('line', { inputs: { a: [1, 2], b: [0, 1] } }),
  json('line', { inputs: { a: 1, b: 0 } }),
  json('line', { inputs: { a: [1, 2], b: 0 } }),
  json('line', { inputs: [] }),
  json('line', { inputs: 'x' }),
  json('line', '{"inputs": {"a": [NaN], "b": [1]}}'),
  json('line', '{"inputs": {"a": [1e400], "b": [1]}}'),
  json('line', { inputs: { a: ['x'], b: [1] } }),
  json('line', { inputs: rows }, [200, 'columns without names are taken by position']),
  json('line', { inputs: { a: ['1.5'], b: [1] } }, [400, loss]),
]

const free: Case[] = [
  ...forms('free'),
  json('free', { dataframe_split: { data: rows } }),
  json('free', { dataframe_records: [{ a: 1 }, { b: 'é' }] }),
  json('free', { dataframe_records: [] }),
  json('free', { instances: rows }),
  json('free', { instances: records }),
  json('free', { instances: [{ a: [1, 2], b: 3 }] }),
  json('free', { instances: [{ a: 1, b: 0 }, { a: 2 }] }),
  json('free', { instances: { a: [1], b: [0] } }),
  json('free', { inputs: rows }),
  json('free', { inputs: records }),
  json('free', { inputs: { a: [1, 2], b: [0, 1] } }),
  json('free', { inputs: { a: [[1, 2]], b: [1, 2, 3] } }),
  json('free', { inputs: { a: 1, b: 'x' } }),
  ...[[], {}, 1.5, 'x', null, [true, 1], [null, 1], ['1.5', '日本'], [1, 'a'], [[[1]]]].map(inputs =>
    json('free', { inputs }),
  ),
  json('free', '{"inputs": [[NaN, -Infinity, 9007199254740993, 123456789012345678901234567890]]}'),
  typed('free', 'a,b\n1,NaN\n2,NA\n3,null\n', 'text/csv'),
  typed('free', ',a,b\n0,1,\n', 'text/csv'),
  json('free', { messages: [{ role: 'user', content: 'hi' }], temperature: 0.5 }),
  json('free', { prompt: 'x' }),
  json('free', { input: ['x'] }),
  json('free', { dataframe_split: { columns: ['a', 'b'], data: [[1, 2], [3]] } }, [400, tables]),
  typed('free', 'a,b\n1\n', 'text/csv', [400, tables]),
]

const plain: Case[] = [
  ...forms('plain'),
  json('plain', { dataframe_split: { data: rows } }),
  json('plain', { instances: rows }),
  json('plain', { inputs: rows }),
  json('plain', { dataframe_split: { data: Array.from({ length: 10 }, (_, at) => [at]) } }),
  json('plain', { inputs: [['x', 1]] }),
  json('plain', { inputs: null }),
]

const kinds = [
  ...['frame', 'frame with an index', 'frame of dates', 'empty frame', 'series', 'series without a name', 'array'],
  ...['scalar array', 'float32', 'text array', 'object array', 'bytes array', 'bool array', 'numpy scalar'],
  ...['list of numpy', 'list of arrays', 'dict of arrays', 'list', 'text', 'number', 'null', 'tuple', 'bytes', 'dates'],
  ...['timestamps', 'datetime array', 'nan', 'nan in an array', 'large numbers', 'nested rows', 'int keys', 'error'],
  'mlflow error',
]
const given: Case[] = [
  ...kinds.map(kind => json('given', { inputs: { give: [kind] } })),
  ...['sparse', 'set'].map(kind =>
    json('given', { inputs: { give: [kind] } }, [400, 'told like any error of a model']),
  ),
]

const row = { boolean: true, integer: 1, long: 2, float: 1.5, double: 2.5, string: 'ä', binary: 'AQID', datetime: '' }
row.datetime = '2021-01-01T00:00:00'
const cell = (column: keyof typeof row, value: unknown, unlike?: Case['unlike']): Case =>
  json('columns', { dataframe_records: [{ ...row, [column]: value }] }, unlike)
const columns: Case[] = [
  json('columns', { dataframe_records: [row, row] }),
  json('columns', { dataframe_split: { columns: Object.keys(row).reverse(), data: [Object.values(row).reverse()] } }),
  json('columns', { dataframe_records: [{ ...row, extra: 1 }] }),
  json('columns', { dataframe_records: [{ boolean: true }] }),
  ...[1.0, -(2 ** 31), null, 'x'].map(value => cell('integer', value)),
  ...[2 ** 53, null, 'x'].map(value => cell('long', value)),
  ...[1, null, 0.1].map(value => cell('float', value)),
  ...[1, null, 'x', [1]].map(value => cell('double', value)),
  ...[null, ''].map(value => cell('string', value)),
  ...['AQID\n', 'AQI', 1, ''].map(value => cell('binary', value)),
  ...['2021-01-01', '2021-01-01 00:00:00', '2021-01-01T00:00:00.123456', null, 'x'].map(value =>
    cell('datetime', value),
  ),
  cell('integer', 1.5, [400, loss]),
  cell('integer', 2 ** 31, [400, loss]),
  cell('long', '5', [400, loss]),
  cell('double', true, [400, loss]),
  cell('boolean', 1.5, [400, loss]),
  cell('string', 1, [400, loss]),
  cell('binary', '!!', [400, loss]),
]

const x = { inputs: { x: [1.5] } }
const optional: Case[] = [
  json('optional', x),
  json('optional', { dataframe_records: [{ x: 1, y: 2, note: 'n' }, { x: 2 }] }),
  json('optional', { dataframe_records: [{ x: 1, note: null }] }),
  json('optional', { dataframe_split: { columns: ['note', 'x'], data: [['a', 1]] } }),
  json('optional', { dataframe_records: [{ y: 1 }] }),
  ...[null, {}, [], 5, 'x', { unknown: 1 }, { ratio: 1 }, { ratio: 'x' }, { ratio: null }, { count: 5 }].map(params =>
    json('optional', { ...x, params }),
  ),
  ...[{ count: 5.5 }, { count: true }, { words: ['b', 'c'] }, { words: 'b' }, { words: [] }, { on: false }].map(
    params => json('optional', { ...x, params }),
  ),
  ...[{ since: '2024-02-03' }, { since: 'invalid_value1' }].map(params => json('optional', { ...x, params })),
]

const tensor: Case[] = [
  ...[[[1, 2]], [[1, 2, 3]], [1, 2], [[1, 'a']], [[null, 1]], [], [[]], 1, [[1e39, 1]], [[1, 2], [3]]].map(inputs =>
    json('tensor', { inputs }),
  ),
  ...[{ a: [1] }, [[[1, 2]]], [[0.1, 16777217]]].map(inputs => json('tensor', { inputs })),
  json('tensor', { instances: [...rows, [3, 4]] }),
  json('tensor', { dataframe_split: { columns: ['a', 'b'], data: [[1, 2]] } }),
  json('tensor', { dataframe_records: [{ a: 1, b: 2 }] }),
  json('tensor', '{"inputs": [[NaN, Infinity]]}'),
  json('tensor', { inputs: [['1', '2']] }, [400, loss]),
]
const tensors: Case[] = [
  json('tensors', {
    instances: [
      { a: [1, 2], b: 3 },
      { a: [4, 5], b: 6 },
    ],
  }),
  json('tensors', { instances: { a: [[1, 2]], b: [3, 4] } }),
  json('tensors', { dataframe_records: [{ a: [1, 2], b: 3 }] }),
  ...[{ a: [[1, 2]], b: [3] }, { b: [3], a: [[1, 2]] }, { a: [[1, 2]] }, { a: [[1, 2]], b: [3], c: [1] }].map(inputs =>
    json('tensors', { inputs }),
  ),
  ...[{ a: [1, 2], b: [3] }, { a: [[1, 'x']], b: [3] }, { a: [[1, 2]], b: [3.5] }, [[1, 2]], {}].map(inputs =>
    json('tensors', { inputs }),
  ),
]
const nested: Case[] = [
  json('nested', { dataframe_records: [{ list: [1, 2.5], object: { k: 1, o: 'x' }, map: { a: 'b' }, any: [1, {}] }] }),
  json('nested', { dataframe_split: { columns: ['list', 'object'], data: [[[1], { k: 2 }]] } }),
  ...[{ list: [1, 2], object: { k: 1 } }, [{ list: 'x', object: { k: 1 } }], [{ list: [1] }]].map(inputs =>
    json('nested', { inputs }),
  ),
  ...[[{ list: [], object: { k: 'x' } }], [{ list: [1], object: { k: 1 }, unknown: 5 }]].map(inputs =>
    json('nested', { inputs }),
  ),
  json('nested', { instances: [{ list: [1, 2], object: { k: 1 } }] }),
]
const hinted: Case[] = [[{ a: 1 }, { a: 2, b: 3 }], [{ a: 'x' }], [], { a: 1 }, null].map(inputs =>
  json('hinted', { inputs }),
)

export const mlflowCases: Case[] = [
  ...[line, free, plain, given, columns, optional, tensor, tensors, nested, hinted].flat(),
  { of: 'line', path: 'ping', method: 'GET' },
  { of: 'line', path: 'health', method: 'GET' },
  { of: 'line', path: 'version', method: 'GET' },
  { of: 'line', path: 'invocations', method: 'GET' },
  { of: 'line', path: 'invocations', method: 'PUT', body: whole },
]
