import { expect, it } from 'vitest'
import { runHere } from './run-here.ts'
import { csv } from './testing/laid-out.ts'

it('counts rows, nulls and distinct values, and measures numbers', async () => {
  const source = csv(
    `n,s,b,t,empty\n${Array.from({ length: 101 }, (_, i) => `${i},${i % 2 ? 'odd' : 'even'},true,2024-01-01 00:00:0${i % 10},`).join('\n')}\n,,,,\n`,
  )
  const { rows, columns } = await runHere({ kind: 'profile', source })
  const [n, s, b, t, empty] = columns
  expect([rows, columns.map(({ type }) => type)]).toEqual([
    102,
    ['integer', 'string', 'boolean', 'timestamp', 'string'],
  ])
  expect(n).toMatchObject({ nulls: 1, min: 0, max: 100, mean: 50 })
  expect(n?.quantiles?.p01).toBeCloseTo(0.5, 0)
  expect(n?.quantiles?.p50).toBeCloseTo(50, 0)
  expect(n?.std).toBeCloseTo(29.3, 2)
  expect(s).toMatchObject({
    distinct: 2,
    top: [
      { value: 'even', count: 51 },
      { value: 'odd', count: 50 },
    ],
  })
  expect(b).toMatchObject({ nulls: 1, distinct: 1, top: [{ value: true, count: 101 }] })
  expect(t).toMatchObject({ min: '2024-01-01T00:00:00', max: '2024-01-01T00:00:09' })
  expect(empty).toMatchObject({ nulls: 102, distinct: 0, top: [] })
})

it('takes a table without rows, and numbers that are none', async () => {
  expect(await runHere({ kind: 'profile', source: csv('x,y\n') })).toMatchObject({
    rows: 0,
    columns: [{ name: 'x' }, { name: 'y' }],
  })
  const { columns } = await runHere({ kind: 'profile', source: csv('x\n1.5\ninf\n-inf\n') })
  expect(columns[0]).toMatchObject({ type: 'number', mean: 1.5, std: null })
})
