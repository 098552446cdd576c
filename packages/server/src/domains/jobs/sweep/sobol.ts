import { directionNumbers } from './sobol-directions.ts'

const BITS = 32

/** The most dimensions that a Sobol sequence is laid out for here. */
export const SOBOL_DIMENSIONS = directionNumbers.length + 1

const directions = new Map<number, Uint32Array>()

/** The 32 direction numbers of a dimension, counted from 0, each shifted to the top: Joe and Kuo (2008), section 2. */
function directionsOf(dimension: number): Uint32Array {
  const known = directions.get(dimension)
  if (known !== undefined) return known
  const numbers = new Uint32Array(BITS)
  const [degree = 0, coefficients = 0, ...initial] = (directionNumbers[dimension - 1] ?? '').split(' ').map(Number)
  for (let i = 0; i < BITS; i++) {
    if (dimension === 0) numbers[i] = 2 ** (BITS - 1 - i)
    else if (i < degree) numbers[i] = (initial[i] ?? 0) * 2 ** (BITS - 1 - i)
    else numbers[i] = next(numbers, i, degree, coefficients)
  }
  directions.set(dimension, numbers)
  return numbers
}

function next(numbers: Uint32Array, i: number, degree: number, coefficients: number): number {
  const oldest = numbers[i - degree] ?? 0
  let value = oldest ^ (oldest >>> degree)
  for (let k = 1; k < degree; k++) if ((coefficients >>> (degree - 1 - k)) & 1) value ^= numbers[i - k] ?? 0
  return value >>> 0
}

/** The 32 bits of one coordinate of the point at `index` of the unshifted sequence, in Gray code order as in SciPy. */
export function sobolBits(index: number, dimension: number): number {
  const numbers = directionsOf(dimension)
  const gray = index ^ (index >>> 1)
  let bits = 0
  for (let i = 0; i < BITS; i++) if ((gray >>> i) & 1) bits ^= numbers[i] ?? 0
  return bits >>> 0
}
