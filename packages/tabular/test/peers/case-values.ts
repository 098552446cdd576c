/** What the cases hold; the same little generator is in evidently_golden.py. */
export interface NumericSpec {
  readonly shape: string
  readonly n: number
  readonly seed: number
  readonly values?: number
  readonly scale?: number
  readonly shift?: number
  readonly missingEach?: number
  readonly infiniteEach?: number
}
export interface CategorySpec {
  readonly n: number
  readonly seed: number
  readonly values: number
  readonly from?: number
  readonly tilt?: number
  readonly missingEach?: number
}

/** Numerical Recipes' linear congruential generator: exact in every language. */
export function generator(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

export function numbersOf(spec: NumericSpec): (number | null)[] {
  const draw = generator(spec.seed)
  return Array.from({ length: spec.n }, (_, i) => {
    const value = shaped(spec, draw, i) * (spec.scale ?? 1) + (spec.shift ?? 0)
    if (spec.infiniteEach !== undefined && i % spec.infiniteEach === 0) return i % 2 === 0 ? -Infinity : Infinity
    return spec.missingEach !== undefined && i % spec.missingEach === 0 ? null : value
  })
}

function shaped({ shape, values = 1 }: NumericSpec, draw: () => number, i: number): number {
  if (shape === 'constant') return 0
  if (shape === 'integers') return Math.floor(draw() * values)
  if (shape === 'uniform') return draw()
  if (shape === 'tail') {
    const u = draw()
    return u / (1.0001 - u)
  }
  const value = draw() + draw() + draw() + draw() - 2
  return shape === 'outliers' && i % 500 === 0 ? value * 1000 : value
}

export function categoriesOf(spec: CategorySpec): (string | null)[] {
  const draw = generator(spec.seed)
  return Array.from({ length: spec.n }, (_, i) => {
    const u = draw()
    const tilted = u + (spec.tilt ?? 0) * (u * u - u)
    const value = `c${String((spec.from ?? 0) + Math.floor(tilted * spec.values)).padStart(3, '0')}`
    return spec.missingEach !== undefined && i % spec.missingEach === 0 ? null : value
  })
}
