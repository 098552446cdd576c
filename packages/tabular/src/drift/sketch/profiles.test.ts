import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { generator, numbersOf } from '../../../test/peers/case-values.ts'
import { runHere } from '../../run-here.ts'
import { csv } from '../../testing/laid-out.ts'
import { weightedOf } from '../statistics/weighted.ts'
import type { Profile } from '../types.ts'
import { compareProfiles } from './compare-profiles.ts'
import { emptyProfile, mergeProfiles, planOf } from './merge-profiles.ts'
import { alignedSketches, mergeSketches, rangedBySketch, sketchOf } from './numeric-sketch.ts'

const sketch = (values: readonly number[]) => sketchOf(weightedOf(Float64Array.from(values).sort()))
const anyNumbers = fc.array(
  fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.integer({ min: -50, max: 50 })),
  { maxLength: 60 },
)

describe('a sketch of numbers', () => {
  it('of parts, merged in any order, is that of the whole', () => {
    fc.assert(
      fc.property(anyNumbers, anyNumbers, anyNumbers, (a, b, c) => {
        const whole = sketch([...a, ...b, ...c])
        expect(mergeSketches([mergeSketches([sketch(a), sketch(b)]), sketch(c)])).toEqual(whole)
        expect(mergeSketches([sketch(c), mergeSketches([sketch(b), sketch(a)])])).toEqual(whole)
      }),
    )
  })
  it('of more numbers than it has buckets is the same in parts, too, and stays small', () => {
    const numbers = numbersOf({ shape: 'tail', n: 30_000, seed: 5 }) as number[]
    const whole = sketch(numbers)
    expect(whole.buckets.length).toBeLessThanOrEqual(1024)
    expect(whole.buckets.length).toBeGreaterThan(512)
    const parts = [numbers.slice(0, 100), numbers.slice(100, 20_000), numbers.slice(20_000)].map(sketch)
    expect(parts.reduce((all, one) => mergeSketches([all, one]))).toEqual(whole)
  })
  it('holds up to 1,024 different values as they are', () => {
    const numbers = Array.from({ length: 1024 }, (_, i) => (i - 500) / 3)
    const [found] = alignedSketches(rangedBySketch(sketch(numbers)), rangedBySketch(sketch(numbers.slice(3, 9))))
    expect([...found.values].every((value, i) => Math.abs(value - (numbers[i] as number)) < 1e-12)).toBe(true)
  })
})

const HOURS = 6
/** A table in hours: numbers with gaps and an infinity, whole numbers, categories, prose, times. */
function hours(seed: number, shift: number): string[] {
  const draw = generator(seed)
  return Array.from({ length: HOURS }, (_, hour) => {
    const rows = Array.from({ length: 300 }, (_, i) => {
      const x = i % 50 === 7 ? '' : i === 9 && hour === 2 ? 'inf' : draw() + draw() + shift
      const words = [
        'late',
        'flight',
        'delayed',
        `gate${Math.floor(draw() * 40)}`,
        'to',
        `town${Math.floor(draw() * 90)}`,
      ]
      return [
        x,
        Math.floor(draw() * 30),
        `c${Math.floor(draw() * 9)}`,
        words.join(' '),
        `2024-05-01T0${hour}:00:00Z`,
      ].join(',')
    })
    return `x,n,c,note,t\n${rows.join('\n')}\n`
  })
}
const whole = (parts: readonly string[]) =>
  parts.map((part, i) => (i === 0 ? part : part.slice(part.indexOf('\n') + 1))).join('')
const profile = (text: string, plan?: ReturnType<typeof planOf>): Promise<Profile> =>
  runHere({ kind: 'profile-sketch', source: csv(text), ...(plan === undefined ? {} : { plan }) })

describe('a profile', () => {
  it('of hours, merged, is that of all of them, and is told from others like the tables are', async () => {
    const [then, now] = [hours(1, 0), hours(2, 0.3)]
    const reference = await profile(whole(then))
    expect(reference.columns.map(({ kind }) => kind)).toEqual(['numeric', 'numeric', 'categorical', 'text', 'time'])
    const plan = planOf(reference)
    const parts = await Promise.all(now.map(hour => profile(hour, plan)))
    const merged = mergeProfiles(emptyProfile, ...parts)
    const once = await profile(whole(now), plan)
    const rounded = (one: Profile) =>
      one.columns.map(column => ({ ...column, mean: column.mean?.toFixed(6), m2: column.m2?.toFixed(6) }))
    expect(rounded(merged)).toEqual(rounded(once))

    const fromProfiles = compareProfiles(reference, merged, { time: 't', now: '2024-05-01T06:00:00Z' })
    expect(fromProfiles).toMatchObject({
      exact: false,
      table: [{}, { metric: 'volume_ratio', value: 1 }, { value: 3600 }],
    })
    const exact = await runHere({
      kind: 'drift',
      reference: csv(whole(then), 'a.csv'),
      current: csv(whole(now), 'b.csv'),
    })
    for (const [i, feature] of exact.features.entries()) {
      const sketched = fromProfiles.features[i]
      if (feature.kind !== 'text') expect(sketched?.drifted, feature.feature).toBe(feature.drifted)
      for (const { metric, value } of feature.kind === 'text' ? [] : feature.metrics) {
        const approximate = sketched?.metrics.find(one => one.metric === metric)?.value
        const isExact = feature.feature !== 'x'
        const tolerance = isExact ? 1e-9 : 0.02
        expect(
          Math.abs((approximate as number) - (value as number)),
          `${feature.feature} ${metric}`,
        ).toBeLessThanOrEqual(tolerance)
      }
    }
    expect(
      fromProfiles.features[3]?.metrics.find(({ metric }) => metric === 'out_of_vocabulary_rate')?.value,
    ).toBeLessThan(0.05)
  })
  it('follows its plan: a column that is gone is missing, and words among numbers are type errors', async () => {
    const reference = await profile('x,c\n1,a\n2,b\n3,a\n')
    const now = await profile('x\n1\nnone\n', planOf(reference))
    expect(now.columns).toMatchObject([
      { name: 'x', kind: 'numeric', count: 1, type_errors: 1 },
      { name: 'c', nulls: 2 },
    ])
    const report = compareProfiles(reference, now)
    const rate = (feature: number, name: string) =>
      report.features[feature]?.metrics.find(({ metric }) => metric === name)?.value
    expect([rate(0, 'data_type_error_rate'), rate(1, 'null_value_rate')]).toEqual([0.5, 1])
  })
  it('of nothing is compared without a value and without an error', async () => {
    const reference = await profile('x,c\n1,a\n2,b\n')
    const report = compareProfiles(reference, mergeProfiles(await profile('x,c\n', planOf(reference))))
    expect(report.features.every(({ drifted }) => !drifted)).toBe(true)
    expect(report.table).toMatchObject([{ value: 0 }, { metric: 'volume_ratio', value: 0 }])
    expect(JSON.stringify(report)).not.toContain('NaN')
  })
  it('is not merged with one that took a column for something else', async () => {
    const [a, b] = [await profile('x\n1\n'), await profile('x\na\n')]
    expect(() => mergeProfiles(a, b)).toThrow(/x is numeric in one profile and categorical in another/)
  })
})
