import { describe, expect, it } from 'vitest'
import { gridSamples, randomSamples } from './sampling.ts'

describe('search space', () => {
  it('lays a grid out with the last parameter fastest, and cuts it at the limit', () => {
    const space = { a: { type: 'choice', values: [1, 2] }, b: { type: 'choice', values: ['x', true] } }
    expect(gridSamples(space, 3)).toEqual([
      { a: '1', b: 'x' },
      { a: '1', b: 'True' },
      { a: '2', b: 'x' },
    ])
  })
  it('refuses a grid over something that is not a choice', () =>
    expect(() => gridSamples({ a: { type: 'uniform', min_value: 0, max_value: 1 } }, 5)).toThrow('needs choice'))
  it('draws the same values from the same seed, others from another', () => {
    const space = { a: { type: 'uniform', min_value: 0, max_value: 1 } }
    expect(randomSamples(space, 5, 's')).toEqual(randomSamples(space, 5, 's'))
    expect(randomSamples(space, 5, 's')).not.toEqual(randomSamples(space, 5, 't'))
  })
  it.each([
    ['uniform', { min_value: -2, max_value: 3 }, (x: number) => x >= -2 && x < 3],
    ['quniform', { min_value: 0, max_value: 10, q: 2 }, (x: number) => x % 2 === 0],
    ['loguniform', { min_value: -5, max_value: 0 }, (x: number) => x >= Math.exp(-5) && x <= 1],
    ['randint', { upper: 4 }, (x: number) => Number.isInteger(x) && x >= 0 && x < 4],
    ['lognormal', { mu: 0, sigma: 1 }, (x: number) => x > 0],
  ])('keeps every draw of %s in its range', (type, parameters, holds) => {
    for (const { p } of randomSamples({ p: { type, ...parameters } }, 300, 'seed')) expect(holds(Number(p))).toBe(true)
  })
  it('draws a normal with its mean and deviation', () => {
    const values = randomSamples({ p: { type: 'normal', mu: 10, sigma: 2 } }, 4000, 'seed').map(({ p }) => Number(p))
    const mean = values.reduce((a, b) => a + b) / values.length
    const deviation = Math.sqrt(values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length)
    expect(mean).toBeCloseTo(10, 0)
    expect(deviation).toBeCloseTo(2, 0)
  })
  it.each([
    [{ p: { type: 'gaussian' } }, 'gaussian'],
    [{ p: { type: 'uniform', min_value: 0 } }, 'max_value'],
    [{ p: { type: 'choice', values: [] } }, 'values'],
  ])('names what is wrong in %j', (space, says) => expect(() => randomSamples(space, 1, 's')).toThrow(says))
})
