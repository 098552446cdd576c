import type { Case } from './ask-both.ts'

type Unlike = Case['unlike']
const json = { 'content-type': 'application/json' }
const text = { 'content-type': 'text/plain' }

const asked = (
  of: string,
  body: string | Uint8Array,
  unlike?: Unlike,
  headers: Record<string, string> = json,
): Case => ({
  of,
  body,
  headers,
  ...(unlike === undefined ? {} : { unlike }),
})
const got = (of: string, path: string, unlike?: Unlike): Case => ({
  of,
  path,
  method: 'GET',
  headers: {},
  ...(unlike === undefined ? {} : { unlike }),
})
const by = (of: string, method: string, path = 'score', unlike?: Unlike): Case => ({
  of,
  method,
  path,
  headers: {},
  ...(unlike === undefined ? {} : { unlike }),
})

const kinds = [
  ...['dict', 'list', 'empty list', 'text', 'json text', 'number', 'bool', 'none', 'tuple', 'int keys', 'nan', 'large'],
  ...['array', 'numpy scalar', 'numpy integer', 'frame', 'bytes', 'set', 'iterator'],
]

/** Values with a meaning in URLs, in JSON, or in neither. */
const queries = [
  'a=1&b=[1,2]&c=a&d=null',
  'foo=bar1&foo=2&x=y',
  '',
  'a',
  'a=',
  '=1',
  'a=%C3%A9&%E6%97%A5=%22x%22',
  'a=%ff',
  'a=b+c%2B',
  'a=1;b=2',
  'a=NaN',
  'a={"b":[1]}',
]

const reads = 'Flask keeps forms from scripts that are given text'
const deep = 'too deep is the caller’s fault'
const late = 'Azure ML’s server answers 500, as for any error'

const plain: Case[] = [
  ...kinds.map(kind => asked('plain', `give ${kind}`)),
  ...['environment', 'raise', 'own timeout', 'give nothing of the kind', '', ' ', '{', 'null', '"x"', 'é日本🙂'].map(
    body => asked('plain', body),
  ),
  asked('plain', '\ufeff{}'),
  asked('plain', 'a\r\n\0b'),
  asked('plain', 'x'.repeat(3 * 2 ** 20)),
  asked('plain', new Uint8Array([123, 255])),
  asked('plain', '{"a": 1}', undefined, text),
  asked('plain', 'a=1', [200, reads], { 'content-type': 'application/x-www-form-urlencoded' }),
  asked('plain', '{"a": 1}', undefined, {}),
  asked('plain', '{"a": 1}', undefined, { 'content-type': 'application/json; charset=latin-1' }),
  asked('plain', '--b\r\ncontent-disposition: form-data; name="x"\r\n\r\n1\r\n--b--\r\n', [200, reads], {
    'content-type': 'multipart/form-data; boundary=b',
  }),
  ...queries.map(query => got('plain', `score?${query}`)),
  ...['PUT', 'DELETE', 'PATCH', 'HEAD', 'OPTIONS'].map(method => by('plain', method)),
  by('plain', 'POST', ''),
  by('plain', 'POST', 'swagger.json'),
  ...['', 'nothing', 'score/', 'score/x', 'swagger.json?version=4', 'swagger.json?version=x'].map(path =>
    got('plain', path),
  ),
]

const headers: Case[] = [
  asked('headers', 'x', undefined, { ...json, 'X-Own': 'a, b', 'x-lower-case': '1' }),
  asked('headers', 'x', [200, 'its web server drops them'], { ...json, under_score: '2' }),
  asked('headers', 'x', undefined, { ...json, 'X-Latin': 'é', 'x-ms-request-id': 'abc' }),
  got('headers', 'score?a=1'),
]

const named: Case[] = [
  ...[
    {
      matrix: [
        [1, 2],
        [3, 4],
      ],
      table: [{ a: 5, b: 'y' }],
    },
    {
      matrix: [
        [1, 2],
        [3, 4],
      ],
      table: [{ a: 5, b: 'y' }],
      word: 'é',
      more: 1,
    },
    {
      matrix: [
        [1.5, 2],
        [3, 4],
      ],
      table: [],
    },
    { matrix: [[1, 2]], table: [{ a: 5, b: 'y' }] },
    { matrix: 'x', table: [{ a: 5, b: 'y' }] },
    {
      matrix: [
        [1, 2],
        [3, 4],
      ],
      table: [{ a: 'x', b: 'y' }],
    },
    {
      matrix: [
        [1, 2],
        [3, 4],
      ],
      table: [{ a: 5 }],
    },
    {
      matrix: [
        [1, 2],
        [3, 4],
      ],
      table: { a: [5], b: ['y'] },
    },
    {
      matrix: [
        [1, 2],
        [3, 4],
      ],
      table: [{ a: 5, b: 'y' }],
      word: 5,
    },
    {
      matrix: [
        [1, 2],
        [3, 4],
      ],
      table: [{ a: 5, b: 'y' }],
      word: null,
    },
    {
      matrix: [
        [1, 2],
        [3, 4],
      ],
    },
    {},
    [],
    null,
    'x',
  ].map(body => asked('named', JSON.stringify(body))),
  ...['', '{', 'NaN', '{"matrix": [[1, 2], [3, 4]], "table": []} x'].map(body => asked('named', body)),
  ...[text, {}, { 'content-type': 'application/x-www-form-urlencoded' }].map(type =>
    asked('named', '{"matrix": [[1, 2], [3, 4]], "table": []}', undefined, type),
  ),
  ...['application/json; charset=utf-8', 'Application/JSON', 'application/problem+json', 'text/json'].map(type =>
    asked('named', '{"matrix": [[1, 2], [3, 4]], "table": []}', undefined, { 'content-type': type }),
  ),
  asked('named', '\ufeff{"matrix": [[1, 2], [3, 4]], "table": []}'),
  asked('named', Buffer.from('{"matrix": [[1, 2], [3, 4]], "table": []}', 'utf16le')),
  asked('named', new Uint8Array([123, 34, 255, 34, 125]), [400, 'the caller’s fault']),
  asked('named', `${'['.repeat(5000)}${']'.repeat(5000)}`, [400, deep]),
  got('named', 'score?matrix=[[1,2],[3,4]]&table=[{"a":5,"b":"y"}]'),
  got('named', 'score?matrix=[[1,2],[3,4]]'),
  by('named', 'OPTIONS'),
  asked('nested', JSON.stringify({ data: { table: [{ a: 2 }], more: { vector: [1, 2] }, plain: [3] } })),
  asked('nested', JSON.stringify({ data: { table: [{ a: 2 }], more: { vector: [1, 2] } } })),
  asked('nested', JSON.stringify({ data: { table: 'x', more: { vector: [1, 2] }, plain: [3] } })),
  asked('nested', JSON.stringify({ data: [1] })),
  asked('mixed', JSON.stringify({ data: [2, 'b'] })),
  asked('mixed', JSON.stringify({ data: 'b' })),
]

const form = 'a=1&a=2&b=%C3%A9'
const parts = [
  '--b\r\nContent-Disposition: form-data; name="field"\r\n\r\nvalue\r\n',
  '--b\r\nContent-Disposition: form-data; name="file"; filename="é.txt"\r\nContent-Type: text/plain\r\n\r\na\r\nb\n\r\n',
  '--b--\r\n',
].join('')
const multipart = { 'content-type': 'multipart/form-data; boundary=b' }

/** Of a script that has the request itself. */
export const rawCases: Case[] = [
  ...['POST', 'GET', 'OPTIONS'].map(method => by('raw', method)),
  ...['PUT', 'DELETE'].map(method => by('raw', method)),
  by('raw', 'HEAD', 'score', [405, 'GET, POST and OPTIONS, as for other scripts']),
  ...queries.map(query => got('raw', `score?${query}`)),
  asked('raw', '{"a": 1}', undefined, { ...json, 'X-Own': 'a, b' }),
  asked('raw', '{"a": 1}', undefined, { 'content-type': 'application/problem+json; charset=utf-8' }),
  asked('raw', new Uint8Array([0, 1, 254, 255]), undefined, { 'content-type': 'application/octet-stream' }),
  asked('raw', '', undefined, {}),
  asked('raw', form, undefined, { 'content-type': 'application/x-www-form-urlencoded' }),
  ...['text', 'json', 'none', 'created', 'repeated', 'bytes', 'empty', 'client error', 'json error', 'failed'].map(
    give => got('raw', `score?give=${give}`),
  ),
  ...['told failed', 'redirect', 'dict', 'text only', 'nothing', 'own status and json', 'raise', 'set later'].map(
    give => got('raw', `score?give=${give}`),
  ),
  ...['json', 'silent'].flatMap(give =>
    ['{"a": [1]}', '{', ''].map(body => ({ ...asked('raw', body), path: `score?give=${give}` })),
  ),
  { ...asked('raw', parts, undefined, multipart), path: 'score?give=file' },
  { ...asked('raw', parts, undefined, json), path: 'score?give=file' },
]

export const azureCases: Case[] = [
  ...[plain, headers, named].flat(),
  asked('own-swagger', '1'),
  ...['x-request-id', 'x-ms-request-id', 'x-ms-client-request-id'].map(name =>
    asked('own-swagger', '1', [200, 'an id that is too long is replaced'], { ...json, [name]: 'x'.repeat(129) }),
  ),
  asked('slow', 'quick'),
  asked('slow', 'wait', [504, late]),
  got('flask-raw', 'score?a=1'),
  got('flask-raw', 'score?give=jsonify'),
  got('flask-raw', 'score?give=response'),
  { ...asked('flask-raw', '{"a": 1}'), path: 'score?b=2' },
]

const ids: Record<string, string>[] = [
  {},
  { 'x-ms-request-id': 'abc' },
  { 'x-ms-client-request-id': 'abc' },
  { 'x-request-id': 'abc' },
  { 'x-ms-request-id': 'a', 'x-ms-client-request-id': 'b', 'x-request-id': 'c', traceid: 'd' },
  { 'x-ms-client-request-id': '{6F9619FF-8B86-D011-B42D-00CF4FC964FF}', 'x-request-id': 'with a blank; and more' },
  { 'x-request-id': 'x'.repeat(100), traceid: 'a b' },
]

/** Ids of requests, at a script that answers. */
export const idCases: Case[] = ids.map(one => asked('own-swagger', '1', undefined, { ...json, ...one }))
