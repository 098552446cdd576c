import { describe, expect, it } from 'vitest'
import { changedFields, pairsOf } from './changes.ts'

const resource = { description: 'old', tags: { a: '1', b: '2' }, name: 'x' }
const change = (set: string[], remove: string[] = [], forceString = false) =>
  changedFields(resource, { set, remove, forceString }, ['description', 'tags'])

describe('--set and --remove', () => {
  it('answer only the properties that were touched, whole', () => {
    expect(change(['tags.c=3'])).toEqual({ tags: { a: '1', b: '2', c: 3 } })
    expect(change(['description=a=b'])).toEqual({ description: 'a=b' })
  })

  it('read values as JSON where they are, or as text when told so', () => {
    expect(change(['tags={"z":true}'])).toEqual({ tags: { z: true } })
    expect(change(['tags.c=3'], [], true)).toEqual({ tags: { a: '1', b: '2', c: '3' } })
  })

  it('take away one tag, or all', () => {
    expect(change([], ['tags.a'])).toEqual({ tags: { b: '2' } })
    expect(change([], ['tags', 'description'])).toEqual({ tags: {}, description: '' })
  })

  it('leave the original alone', () => {
    change(['tags.a=9'], ['tags.b'])
    expect(resource.tags).toEqual({ a: '1', b: '2' })
  })

  it.each([
    [['name=y'], "'name' cannot be changed"],
    [['tags'], '--set takes property=value'],
    [['description.x=1'], 'description holds no properties'],
    [['tags.__proto__.x=1'], 'is not a property path'],
    [[], 'nothing to update'],
  ])('refuse %j', (set, message) => {
    expect(() => change(set)).toThrow(message)
  })
})

describe('pairs', () => {
  it.each([
    [['a=1', 'b=2'], { a: '1', b: '2' }],
    [['a=1 b=2'], { a: '1', b: '2' }],
    [['note=two words'], { note: 'two words' }],
    [['x=a=b'], { x: 'a=b' }],
  ])('are read from %j', (words, expected) => {
    expect(pairsOf(words, '--tags')).toEqual(expected)
  })

  it('refuse a word without an equals sign', () => {
    expect(() => pairsOf(['a'], '--tags')).toThrow("--tags takes property=value, not 'a'")
  })
})
