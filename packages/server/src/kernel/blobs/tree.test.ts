import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { encodeTree, parseTree, subtree } from './tree.ts'

const digest = createHash('sha256').update('x').digest('hex')
const entry = (path: string, more: object = {}) => ({ path, digest, size: 1, ...more })
const manifest = (...entries: unknown[]) => JSON.stringify({ entries })

describe('encodeTree', () => {
  it.each([[['a', 'a/b']], [['a', 'a-b', 'a/b']], [['a b', 'a', 'a/x/y/z']], [['x', 'x']]])(
    'refuses paths that clash, also when another sorts between them: %j',
    paths => {
      expect(() => encodeTree(paths.map(path => entry(path)))).toThrow('clash')
    },
  )
  it('takes files beside a folder whose name they begin with', () => {
    const paths = ['a-b', 'a/b', 'a.txt', 'ab/a']
    expect(parseTree(encodeTree(paths.map(path => entry(path))), digest).entries.map(found => found.path)).toEqual(
      [...paths].sort(),
    )
  })
})

describe('parseTree', () => {
  it.each([
    ['a path out of the folder', manifest(entry('../../etc/passwd'))],
    ['an absolute path', manifest(entry('/etc/passwd'))],
    ['a digest that is a path', manifest(entry('a', { digest: '../../../secret.key' }))],
    ['a digest in capitals', manifest(entry('a', { digest: digest.toUpperCase() }))],
    ['a size that is none', manifest(entry('a', { size: -1 }))],
    ['no list', '{"entries":5}'],
    ['a list of nothing', '{"entries":[null]}'],
    ['half a manifest', '{"entries":[{"path":'],
    ['entries out of order', manifest(entry('b'), entry('a'))],
    ['a path twice', manifest(entry('a'), entry('a'))],
    ['something beside the entries', `{"entries":[],"more":1}`],
    ['another document', '{"a":1}'],
  ])('refuses stored bytes that hold %s', (_what, text) => {
    expect(() => parseTree(text, digest)).toThrow('is not a tree')
  })
})

describe('subtree', () => {
  const tree = { entries: [entry('a/b/c'), entry('a/d'), entry('ab')] }
  it('takes what lies below a folder, not what only begins like it', () => {
    expect(subtree(tree, 'a/').map(found => found.path)).toEqual(['b/c', 'd'])
    expect(subtree(tree, 'a/b/c').map(found => found.path)).toEqual(['c'])
    expect(subtree(tree, 'nope')).toEqual([])
  })
})
