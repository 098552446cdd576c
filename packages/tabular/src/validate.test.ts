import { type ExpectationResult, expectations } from '@hagane/contract'
import { describe, expect, it } from 'vitest'
import { junitReport } from './junit.ts'
import { runHere } from './run-here.ts'
import { csv } from './testing/laid-out.ts'

const now = '2024-06-02T00:00:00Z'
const validate = (text: string, file: object, reference?: string) =>
  runHere({
    kind: 'validate',
    source: csv(text),
    now,
    expectations: expectations.parse({ ...file, ...(reference === undefined ? {} : { reference: 'r' }) }),
    ...(reference === undefined ? {} : { reference: csv(reference, 'reference.csv') }),
  })
const failed = async (...args: Parameters<typeof validate>): Promise<ExpectationResult[]> =>
  (await validate(...args)).results.filter(({ passed }) => !passed)

const table =
  'id,age,kind,mail,seen\n1,20,a,x@y,2024-06-01\n2,-1,b,nope,2024-05-01\n3,,c,z@y,2024-05-01\n3,200,a,,2024-05-01\n'

describe('expectations', () => {
  it.each([
    ['min', { columns: { age: { min: 0 } } }, '1 of 4 rows fail', [{ 'row number': 2, age: -1 }]],
    ['max', { columns: { age: { max: 150 } } }, '1 of 4 rows fail', [{ 'row number': 4, age: 200 }]],
    ['min', { columns: { seen: { min: '2024-05-15' } } }, '3 of 4 rows fail', [{ 'row number': 2 }, {}, {}]],
    [
      'nulls',
      { columns: { age: { nulls: { max_fraction: 0.2 } } } },
      '1 of 4 rows have no value',
      [{ 'row number': 3 }],
    ],
    [
      'unique',
      { columns: { id: { unique: true } } },
      '1 values repeat, in 2 rows',
      [{ 'row number': 3 }, { 'row number': 4 }],
    ],
    ['unique', { unique: [['id', 'seen']] }, '1 values repeat, in 2 rows', [{}, {}]],
    ['allowed', { columns: { kind: { allowed: ['a', 'b'] } } }, '1 of 4 rows fail', [{ kind: 'c' }]],
    ['allowed', { columns: { id: { allowed: [1, 3] } } }, '1 of 4 rows fail', [{ id: 2 }]],
    ['regex', { columns: { mail: { regex: '.+@.+' } } }, '1 of 4 rows fail', [{ mail: 'nope' }]],
    ['type', { columns: { mail: { type: 'number' } } }, 'string', []],
    ['required', { columns: { gone: { type: 'number' } } }, 'no such column', []],
    ['extra_columns', { columns: { id: {}, age: {}, kind: {}, mail: {} }, extra_columns: 'refuse' }, 'seen', []],
    ['rows', { rows: { min: 5, max: 9 } }, '4', []],
    ['mean', { columns: { age: { mean: { max: 50 } } } }, '73', []],
    ['freshness', { freshness: { column: 'seen', max_age: '12h' } }, 'newest is 2024-06-01 00:00:00 UTC', []],
  ])('%s: fails with what was seen and which rows', async (expectation, file, observed, examples) => {
    expect(await failed(table, file)).toMatchObject([{ expectation, observed, examples }])
  })
  it('that hold pass, each with what was seen', async () => {
    const file = {
      rows: { min: 1 },
      columns: {
        id: { type: 'number', nulls: {}, min: 1 },
        age: { nulls: { max_fraction: 0.25 } },
        gone: { required: false, min: 1 },
        kind: { allowed: ['a', 'b', 'c'] },
      },
      freshness: { column: 'seen', max_age: '1d' },
    }
    const report = await validate(table, file)
    expect([report.passed, report.results.length]).toEqual([true, 7])
  })
  it('that do not fit the column are refused by name', async () => {
    await expect(validate(table, { columns: { kind: { mean: {} }, age: { min: 'x' } } })).rejects.toThrow(
      'columns.age.min',
    )
    await expect(validate(table, { columns: { mail: { regex: '(' } } })).rejects.toMatchObject({ kind: 'invalid' })
    await expect(validate(table, { unique: [['id', 'nope']] })).rejects.toThrow("'nope'")
  })
  it('of drift need a reference', () => {
    expect(() => expectations.parse({ drift: { psi: 0.1 } })).toThrow('drift needs a reference')
  })
})

describe('drift', () => {
  const numbers = (from: number) =>
    `x,k\n${Array.from({ length: 1000 }, (_, i) => `${from + i},${i < from ? 'a' : 'b'}`).join('\n')}\n`
  it('of a table against itself is nothing', async () => {
    const { results } = await validate(numbers(0), { drift: { psi: 0.01, ks: 0.01 } }, numbers(0))
    expect(results.map(({ observed }) => observed)).toEqual(['0.0000', '0.0000', '0.0000'])
  })
  it('by the Kolmogorov-Smirnov statistic is the distance of the distributions', async () => {
    // shifted by a quarter of the range: the distance is 0.25 exactly
    expect(await failed(numbers(250), { columns: { x: { drift: { ks: 0.2 } } } }, numbers(0))).toMatchObject([
      { column: 'x', expectation: 'drift ks', observed: '0.2500', allowed: 'at most 0.2' },
    ])
  })
  it('by the population stability index follows its formula', async () => {
    // two categories, half and half before, 250 to 750 now
    const before = `k\n${'a\n'.repeat(500)}${'b\n'.repeat(500)}`
    const after = `k\n${'a\n'.repeat(250)}${'b\n'.repeat(750)}`
    const [result] = await failed(after, { columns: { k: { drift: { psi: 0.2 } } } }, before)
    const expected = (0.25 - 0.5) * Math.log(0.25 / 0.5) + (0.75 - 0.5) * Math.log(0.75 / 0.5)
    expect(Number(result?.observed)).toBeCloseTo(expected, 4)
  })
  it('says when a column cannot be compared', async () => {
    expect(await failed('x\n1\n', { columns: { x: { drift: { psi: 0.1 } } } }, 'y\n1\n')).toMatchObject([
      { observed: 'not a column of the reference of type integer' },
    ])
  })
})

describe('the JUnit report', () => {
  it('has one case for each expectation, and whatever stands in the data stays text', async () => {
    const report = await validate('a\n<&"\u0007\n', { name: 'a & b', columns: { a: { allowed: ['x'], nulls: {} } } })
    const xml = junitReport(report)
    expect(xml).toContain('tests="2" failures="1"')
    expect(xml).toContain('name="a &amp; b"')
    expect(xml).toContain('&lt;&amp;')
    expect(xml).not.toContain('\u0007')
  })
})
