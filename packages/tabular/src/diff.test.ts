import { describe, expect, it } from 'vitest'
import { runHere } from './run-here.ts'
import { csv } from './testing/laid-out.ts'

const diff = (left: string, right: string, key: string[] = [], sample = 20) =>
  runHere({ kind: 'diff', left: csv(left, 'left.csv'), right: csv(right, 'right.csv'), key, sample })

describe('whole rows', () => {
  it('are compared as often as they stand there, in any order', async () => {
    const found = await diff('x,y\n1,a\n1,a\n2,\n3,c\n', 'x,y\n3,c\n1,a\n2,\n4,d\n')
    expect(found).toMatchObject({
      left: { name: 'left.csv', rows: 4 },
      equal: false,
      rows: { added: 1, removed: 1, changed: 0, unchanged: 3 },
      sample: [
        { change: 'removed', before: { x: 1, y: 'a' } },
        { change: 'added', after: { x: 4, y: 'd' } },
      ],
    })
  })
  it('that are all there make equal tables', async () => {
    expect(await diff('x\n1\n2\n', 'x\n2\n1\n')).toMatchObject({ equal: true, sample: [] })
  })
  it('of tables with nothing in common all differ', async () => {
    expect(await diff('x\n1\n', 'y\n1\n2\n')).toMatchObject({ rows: { added: 2, removed: 1, unchanged: 0 } })
  })
})

describe('columns', () => {
  it('come, go and change their type; whole numbers equal numbers', async () => {
    const found = await diff('a,b,c\n1,2,x\n', 'b,c,d\n2.0,x,9\n')
    expect(found.columns).toEqual({
      added: [{ name: 'd', type: 'integer' }],
      removed: [{ name: 'a', type: 'integer' }],
      changed: [{ name: 'b', from: 'integer', to: 'number' }],
    })
    expect(found.rows).toMatchObject({ added: 0, removed: 0, unchanged: 1 })
  })
})

describe('rows by key', () => {
  it('say which columns changed, from what to what', async () => {
    const found = await diff('id,v,w\n1,a,5\n2,b,\n3,c,7\n', 'id,v,w\n2,B,6\n3,c,7\n4,d,8\n', ['id'])
    expect(found).toMatchObject({
      rows: { added: 1, removed: 1, changed: 1, unchanged: 1 },
      changed_columns: { v: 1, w: 1 },
      sample: [
        { change: 'changed', before: { id: 2, v: 'b', w: null }, after: { id: 2, v: 'B', w: 6 } },
        { change: 'removed', before: { id: 1 } },
        { change: 'added', after: { id: 4 } },
      ],
    })
  })
  it('match a missing key with a missing key', async () => {
    expect((await diff('id,k,v\n,1,a\n', 'id,k,v\n,1,a\n', ['id', 'k'])).equal).toBe(true)
  })
  it('that repeat, or are no column, are refused', async () => {
    await expect(diff('id\n1\n1\n', 'id\n1\n', ['id'])).rejects.toThrow(/left\.csv: 1 values repeat, such as 1/)
    await expect(diff('id\n1\n', 'id\n1\n', ['nope'])).rejects.toMatchObject({
      details: [{ sent: 'nope', allowed: ['id'] }],
    })
  })
})
