import { type SearchSpace, searchSpace } from '@hagane/contract'
import { describe, expect, it } from 'vitest'
import type { Sampling } from '../model/plan.ts'
import { normalQuantile } from './normal-quantile.ts'
import { gridSize, pointAt } from './points.ts'
import { SOBOL_DIMENSIONS, sobolBits } from './sobol.ts'
import { probesOf, type Sample, sampleAt } from './space.ts'

const draw = (space: object, count: number, sampling: Partial<Sampling> = {}): Sample[] => {
  const parsed: SearchSpace = searchSpace.parse(space)
  const from: Required<Sampling> = { algorithm: 'random', seed: 's', ...sampling }
  return Array.from({ length: count }, (_, i) => sampleAt(parsed, pointAt(from, parsed, i)))
}

describe('the Sobol sequence', () => {
  it('is that of Joe and Kuo, as SciPy 1.17 draws it: qmc.Sobol(64, scramble=False, bits=32)', () => {
    const dimensions = [0, 1, 5, 20, 40, 63]
    const at = (index: number) => dimensions.map(dimension => sobolBits(index, dimension))
    expect(at(0)).toEqual([0, 0, 0, 0, 0, 0])
    expect(at(7)).toEqual([536870912, 2684354560, 1610612736, 3758096384, 536870912, 1610612736])
    expect(at(13)).toEqual([3489660928, 2952790016, 4026531840, 2415919104, 4026531840, 268435456])
    expect(at(1000)).toEqual([943718400, 415236096, 3896508416, 2243952640, 3921674240, 1916796928])
  })
  it('puts one of every 2^k points into each of 2^k equal slices of every parameter, also shifted by a seed', () => {
    const space = Object.fromEntries(
      Array.from({ length: SOBOL_DIMENSIONS }, (_, i) => [`p${i}`, { type: 'uniform', min_value: 0, max_value: 64 }]),
    )
    const samples = draw(space, 64, { algorithm: 'sobol' })
    for (const name of Object.keys(space))
      expect(new Set(samples.map(sample => Math.floor(Number(sample[name])))).size).toBe(64)
  })
  it('is another for another seed and the same for the same', () => {
    const space = { p: { type: 'uniform', min_value: 0, max_value: 1 } }
    const of = (seed: string) => draw(space, 5, { algorithm: 'sobol', seed })
    expect(of('a')).toEqual(of('a'))
    expect(of('a')).not.toEqual(of('b'))
  })
})

describe('independent draws', () => {
  it('come again from the same seed, one by one and in any order', () => {
    const space = { p: { type: 'uniform', min_value: 0, max_value: 1 } }
    expect(draw(space, 3)[2]).toEqual(draw(space, 9)[2])
    expect(draw(space, 3, { seed: 't' })).not.toEqual(draw(space, 3))
  })
  it.each([
    ['choice', { values: ['a', 1, true] }, (x: string) => ['a', '1', 'True'].includes(x)],
    ['randint', { upper: 4 }, (x: string) => ['0', '1', '2', '3'].includes(x)],
    ['uniform', { min_value: -2, max_value: 3 }, (x: string) => Number(x) >= -2 && Number(x) <= 3],
    ['quniform', { min_value: 0, max_value: 10, q: 2 }, (x: string) => Number(x) % 2 === 0 && Number(x) <= 10],
    ['loguniform', { min_value: -5, max_value: 0 }, (x: string) => Number(x) >= Math.exp(-5) && Number(x) <= 1],
    ['qloguniform', { min_value: 0, max_value: 3, q: 5 }, (x: string) => Number(x) % 5 === 0 && Number(x) <= 20],
    ['lognormal', { mu: 0, sigma: 1 }, (x: string) => Number(x) > 0],
    ['qnormal', { mu: 3, sigma: 2, q: 1 }, (x: string) => Number.isInteger(Number(x))],
    ['qlognormal', { mu: 1, sigma: 1, q: 3 }, (x: string) => Number(x) % 3 === 0],
  ])('of %s stay in their range and are not all one', (type, parameters, holds) => {
    const values = draw({ p: { type, ...parameters } }, 300).map(({ p }) => p ?? '')
    expect(values.filter(value => !holds(value))).toEqual([])
    expect(new Set(values).size).toBeGreaterThan(2)
  })
  it('of a normal have its mean and deviation', () => {
    const values = draw({ p: { type: 'normal', mu: 10, sigma: 2 } }, 4000).map(({ p }) => Number(p))
    const mean = values.reduce((a, b) => a + b) / values.length
    expect(mean).toBeCloseTo(10, 0)
    expect(Math.sqrt(values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length)).toBeCloseTo(2, 0)
  })
  it.each([
    [1e-9, -5.997807015007686],
    [0.001, -3.090232306167813],
    [0.025, -1.9599639845400545],
    [0.3, -0.5244005127080409],
    [0.5, 0],
    [0.8, 0.8416212335729143],
    [0.9999, 3.719016485455709],
  ])('use the normal quantile: at %d it is %d, as SciPy has it', (u, z) => expect(normalQuantile(u)).toBeCloseTo(z, 12))
})

describe('a grid', () => {
  const space = { a: { type: 'choice', values: [1, 2] }, b: { type: 'choice', values: ['x', true] } }
  it('varies its last parameter fastest', () =>
    expect(draw(space, 4, { algorithm: 'grid' })).toEqual([
      { a: '1', b: 'x' },
      { a: '1', b: 'True' },
      { a: '2', b: 'x' },
      { a: '2', b: 'True' },
    ]))
  it('knows its size', () => expect(gridSize(searchSpace.parse(space))).toBe(4))
})

describe('probes', () => {
  it('name every choice, and both ends of a range with something between', () => {
    expect(probesOf({ type: 'choice', values: ['a', 2.5] })).toEqual(['a', '2.5'])
    const [low, middle, high] = probesOf({ type: 'uniform', min_value: 1, max_value: 3 }).map(Number)
    expect([low, high].map(value => Math.round(value ?? 0))).toEqual([1, 3])
    expect(Number.isInteger(middle)).toBe(false)
  })
})
