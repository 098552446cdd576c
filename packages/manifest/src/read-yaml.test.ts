import { describe, expect, test } from 'vitest'
import { memoryFiles } from './files.ts'
import { loadManifest } from './load-manifest.ts'
import { Origins } from './origins.ts'
import { readYaml } from './read-yaml.ts'
import { loadFrom, refusalOf } from './test-loading.ts'

const read = (text: string) => readYaml(text, 'a.yml', new Origins())
const readingOf = async (text: string) => refusalOf((async () => read(text))())

describe('what is read', () => {
  test('places of keys survive a byte order mark and CRLF', () => {
    const origins = new Origins()
    const tree = readYaml('\uFEFFname: a\r\ninputs:\r\n  lr: 1e-3\r\n', 'a.yml', origins)
    expect(tree).toEqual({ name: 'a', inputs: { lr: 0.001 } })
    expect(origins.placeAt(tree, ['name'])).toEqual({ file: 'a.yml', line: 1, column: 1 })
    expect(origins.placeAt(tree, ['inputs', 'lr'])).toEqual({ file: 'a.yml', line: 3, column: 3 })
    expect(origins.placeAt(tree, ['inputs', 'missing'])).toEqual({ file: 'a.yml', line: 3, column: 3 })
  })

  test('a key that is written twice is refused with both lines, but merges may repeat', () => {
    expect(() => read('a: 1\nb:\n  - {c: 1, c: 2}\na: 2')).toThrow(
      expect.objectContaining({
        details: [
          expect.objectContaining({ property: 'b.0.c', line: 3, column: 12 }),
          expect.objectContaining({ property: 'a', line: 4, message: "'a' is written twice, first in line 1" }),
        ],
      }),
    )
    expect(read('x: &x {a: 1}\ny: &y {b: 2}\nz: {<<: *x, <<: *y, a: 3}')).toMatchObject({ z: { a: 3, b: 2 } })
  })

  test('paths of one dot and words of YAML 1.1 stay text', () => {
    expect(read('code: .\na: yes\nb: 12:30:45\nc: 1_000\nd: 2020-01-01')).toEqual({
      code: '.',
      a: 'yes',
      b: '12:30:45',
      c: '1_000',
      d: '2020-01-01',
    })
  })

  test('each alias is a copy, so that parts of the tree can be changed one by one', () => {
    const tree = read('base: &b {x: [1]}\nother: *b') as { base: { x: number[] }; other: { x: number[] } }
    tree.base.x.push(2)
    expect(tree.other).toEqual({ x: [1] })
  })

  test('merge keys give way to the keys of the map itself', () => {
    expect(read('a: &a {x: 1, y: 1}\nb: &b {y: 2, z: 2}\nc: {y: 3, <<: [*a, *b]}')).toMatchObject({
      c: { x: 1, y: 3, z: 2 },
    })
  })

  test('keys are text, also when they look like numbers', () => {
    expect(read('1.0: a\ntrue: b')).toEqual({ '1.0': 'a', true: 'b' })
  })
})

describe('what is refused, with the place', () => {
  test.each([
    ['an empty file', '', 'empty'],
    ['only comments', '# nothing\n', 'empty'],
    ['null', '~\n', 'empty'],
    ['more than one document', 'a: 1\n---\nb: 2\n', 'more than one YAML document'],
    ['a tab as indentation', 'a:\n\tb: 1\n', 'not valid YAML'],
    ['an unclosed quote', 'a: "b\n', 'not valid YAML'],
    ['a template that is not filled in', 'name: {{NAME}}\n', 'a key must be a text'],
    ['an alias without an anchor', 'a: *x\n', 'no anchor'],
    ['a NUL character', 'a: "b\\0c"\n', 'NUL'],
    ['a NUL character in a key', '"b\\0c": 1\n', 'NUL'],
    ['a key that would change objects', '__proto__: {x: 1}\n', '__proto__'],
    ['a map that contains itself', '&a {x: *a}\n', 'contains itself'],
    ['deep nesting', '['.repeat(100_000), 'nested too deeply'],
    ['a missing key', ': a\n', 'key is missing'],
  ])('%s', async (_, text, message) => {
    const error = await readingOf(text)
    expect(error.kind).toBe('invalid')
    expect(error.message).toContain(message)
    expect(error.details).toMatchObject([{ file: 'a.yml' }])
  })

  test('a template says so and names the line', async () => {
    const error = await readingOf('name: x\nendpoint: {{NAME}}_b\n')
    expect(error.hint).toContain('template')
    expect(error.details).toMatchObject([{ line: 2 }])
  })

  test('aliases that multiply', async () => {
    const levels = Array.from(
      { length: 12 },
      (_, i) => `l${i + 1}: &l${i + 1} [${Array(10).fill(`*l${i}`).join(', ')}]`,
    )
    const error = await readingOf(`l0: &l0 [x]\n${levels.join('\n')}\n`)
    expect(error.message).toContain('too many values')
  })
})

test('a file that is no map, no text, or cannot be read is refused with its name', async () => {
  const list = await refusalOf(loadFrom('job', { 'main.yml': '- a\n- b\n' }))
  expect(list.message).toContain('/p/main.yml:1')
  const gone = await refusalOf(loadManifest({ file: '/gone.yml', kind: 'job', files: memoryFiles({}) }))
  expect(gone).toMatchObject({ kind: 'invalid', details: [{ file: '/gone.yml' }] })
  const bytes = new Uint8Array([0x61, 0x3a, 0xff])
  const binary = {
    ...memoryFiles({ '/a.yml': '' }),
    readText: async () => new TextDecoder('utf-8', { fatal: true }).decode(bytes),
  }
  const encoding = await refusalOf(loadManifest({ file: '/a.yml', kind: 'job', files: binary }))
  expect(encoding.message).toContain('not UTF-8')
})
