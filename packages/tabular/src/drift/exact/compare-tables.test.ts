import type { DriftReport } from '@hagane/contract'
import { describe, expect, it } from 'vitest'
import { runHere } from '../../run-here.ts'
import { csv } from '../../testing/laid-out.ts'
import type { DriftOptions } from '../types.ts'

const drift = (reference: string, current: string, options: DriftOptions = {}): Promise<DriftReport> =>
  runHere({ kind: 'drift', reference: csv(reference, 'then.csv'), current: csv(current, 'now.csv'), ...options })

const column = (name: string, values: readonly unknown[]) =>
  `${name}\n${values.map(value => `${value ?? ''}`).join('\n')}\n`
const metric = ({ features }: DriftReport, name: string) => features[0]?.metrics.find(one => one.metric === name)
const numbers = (n: number, of: (i: number) => number) => Array.from({ length: n }, (_, i) => of(i))

describe('a column', () => {
  it('of numbers is measured by all metrics, with what was missing, infinite and out of bounds', async () => {
    const report = await drift(column('x', [1, 2, 3, 4, 5]), column('x', [3, 4, 5, 6, 'inf', 'nan']))
    expect(report.features[0]).toMatchObject({
      kind: 'numeric',
      reference: { count: 5, nulls: 0, min: 1, max: 5, mean: 3 },
      current: { count: 4, infinite: 1, nulls: 1, max: 6, distinct: 4 },
    })
    expect(metric(report, 'two_sample_kolmogorov_smirnov_test')?.statistic).toBeCloseTo(0.4, 12)
    expect(metric(report, 'null_value_rate')?.value).toBeCloseTo(1 / 6, 12)
    expect(metric(report, 'out_of_bounds_rate')?.value).toBeCloseTo(2 / 5, 12)
  })
  it('of numbers that holds words now has type errors, not missing values', async () => {
    const report = await drift(column('x', [1, 2, 3]), column('x', [1, 'two', 'three', 4]))
    expect(metric(report, 'data_type_error_rate')?.value).toBe(0.5)
    expect(metric(report, 'null_value_rate')?.value).toBe(0)
    expect(report.features[0]?.current).toMatchObject({ count: 2, type_errors: 2 })
  })
  it('of categories tells which are new', async () => {
    const report = await drift(column('c', ['a', 'b', 'a', 'b']), column('c', ['a', 'c', 'c', 'd']))
    expect(report.features[0]).toMatchObject({
      kind: 'categorical',
      new_categories: [
        { value: 'c', count: 2 },
        { value: 'd', count: 1 },
      ],
      current: {
        top: [
          { value: 'a', count: 1 },
          { value: 'c', count: 2 },
          { value: 'd', count: 1 },
        ],
      },
    })
    expect(metric(report, 'new_category_rate')?.value).toBe(0.75)
    expect(metric(report, 'chi_squared_test')).toMatchObject({ value: 0, p_value: 0 })
  })
  it('of truths is compared as two categories', async () => {
    const report = await drift(column('b', [true, false, true, false]), column('b', [true, true, true, true]))
    expect(report.features[0]?.kind).toBe('boolean')
    expect(metric(report, 'two_proportion_z_test')?.statistic).toBeCloseTo(-1.632993161855452, 12)
  })
  it('of times is measured and never decides', async () => {
    const day = (month: string) =>
      numbers(40, i => i + 1).map(i => `2024-${month}-${String((i % 28) + 1).padStart(2, '0')}`)
    const report = await drift(column('d', day('01')), column('d', day('06')))
    expect(report.features[0]).toMatchObject({ kind: 'time', drifted: false })
    expect(metric(report, 'two_sample_kolmogorov_smirnov_test')?.value).toBeLessThan(1e-9)
    expect(report.table[0]).toMatchObject({ metric: 'drift_share', value: 0 })
  })
  it('without values says so and does not drift', async () => {
    for (const [then, now] of [
      [column('x', [1, 2]), 'x\n'],
      ['x,y\n,1\n,1\n', 'x,y\n1,1\n2,1\n'],
    ] as const) {
      const report = await drift(then, now)
      expect(report.features[0]?.drifted).toBe(false)
      expect(report.features[0]?.metrics[0]).toMatchObject({ value: null, breached: false })
      expect(report.features[0]?.metrics[0]?.reason).toMatch(/has no value/)
    }
  })
  it('may be taken for another kind', async () => {
    const codes = column('code', [1, 2, 1, 2, 3])
    const report = await drift(codes, codes, { kinds: { code: 'categorical' } })
    expect(report.features[0]?.kind).toBe('categorical')
    expect(metric(report, 'jensen_shannon_distance')?.value).toBe(0)
  })
})

describe('a table', () => {
  const wide = (n: number, shift: number) =>
    `a,b,c\n${numbers(n, i => i)
      .map(i => `${(i % 50) + shift},${i % 7},${i % 3}`)
      .join('\n')}\n`
  it('drifts by the share of columns that drifted, and tells of volume and rows that repeat', async () => {
    const report = await drift(wide(3000, 0), wide(1500, 40))
    expect(report.features.map(({ drifted }) => drifted)).toEqual([true, false, false])
    expect(report).toMatchObject({ drifted: false, exact: true })
    expect(report.table).toMatchObject([
      { metric: 'drift_share', value: 1 / 3, breached: false },
      { metric: 'volume_ratio', value: 0.5 },
      { metric: 'duplicate_row_rate', value: 0.3 },
    ])
    const strict = await drift(wide(3000, 0), wide(1500, 40), {
      thresholds: { table: { drift_share: 0.3, volume_ratio: 0.6 } },
    })
    expect(strict.drifted).toBe(true)
    expect(strict.table[1]).toMatchObject({ metric: 'volume_ratio', breached: true })
  })
  it('says how fresh it is', async () => {
    const times = 't,x\n2024-05-01T00:00:00Z,1\n2024-05-01T11:00:00Z,2\n'
    const report = await drift(times, times, { time: 't', now: '2024-05-01T12:00:00Z' })
    expect(report.table.at(-1)).toMatchObject({ metric: 'freshness', value: 3600 })
  })
  it('names columns that came and went; names of columns are only names', async () => {
    const report = await drift('__proto__,a"b,gone\n1,2,3\n4,5,6\n', '__proto__,a"b,fresh\n1,2,3\n4,5,6\n', {
      thresholds: { features: { 'a"b': { hellinger_distance: 0.5 } } },
    })
    expect([report.only_reference, report.only_current]).toEqual([['gone'], ['fresh']])
    expect(report.features.map(({ feature }) => feature)).toEqual(['__proto__', 'a"b'])
    expect(metric(report, 'hellinger_distance')?.threshold).toBeUndefined()
    expect(report.features[1]?.metrics.find(one => one.threshold !== undefined)?.metric).toBe('hellinger_distance')
  })
  it('corrects p-values over its columns', async () => {
    const many = (shift: number) =>
      `${numbers(10, i => i)
        .map(i => `x${i}`)
        .join(',')}\n${numbers(60, i => i)
        .map(row => numbers(10, i => ((row * (i + 3)) % 61) + (i === 0 ? shift : 0)).join(','))
        .join('\n')}\n`
    const p = async (correction: 'none' | 'bonferroni') =>
      metric(await drift(many(0), many(9), { thresholds: { correction } }), 'two_sample_kolmogorov_smirnov_test')
    const [plain, strict] = [await p('none'), await p('bonferroni')]
    expect(strict?.p_adjusted).toBeCloseTo(Math.min(1, (plain?.p_adjusted ?? 0) * 10), 12)
  })
  it('refuses columns that both do not have', async () => {
    await expect(drift('a\n1\n', 'b\n1\n', { features: ['a'] })).rejects.toMatchObject({
      kind: 'invalid',
      details: [{ property: 'features', sent: 'a', allowed: [] }],
    })
  })
})
