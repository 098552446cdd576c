import { createHash } from 'node:crypto'
import type { SearchSpace } from '@hagane/contract'
import type { Sampling } from '../model/plan.ts'
import { sobolBits } from './sobol.ts'
import { middleOf, type Point, sizeOf } from './space.ts'

const digest = (...parts: (string | number)[]): Buffer => createHash('sha256').update(JSON.stringify(parts)).digest()

/** A number strictly between 0 and 1: 48 bits of the SHA-256 of seed, trial and parameter, so that any trial can be drawn again. */
const drawn = (seed: string, index: number, name: string): number =>
  (digest(seed, index, name).readUIntBE(0, 6) + 0.5) / 2 ** 48

/** The Sobol point with a digital shift from the seed, which keeps its even spread: Owen, Quasi-Monte Carlo Sampling (2003), 3. */
const spread = (seed: string, index: number, dimension: number): number =>
  (((sobolBits(index, dimension) ^ digest(seed, dimension).readUInt32BE(0)) >>> 0) + 0.5) / 2 ** 32

/** How many combinations a grid has; 0 when a parameter cannot be counted. */
export const gridSize = (space: SearchSpace): number =>
  Object.values(space).reduce((product, entry) => product * (sizeOf(entry) ?? 0), 1)

function gridPoint(space: SearchSpace, index: number): Point {
  const point: Point = {}
  let rest = index
  for (const [name, entry] of Object.entries(space).reverse()) {
    const size = sizeOf(entry) ?? 1
    point[name] = middleOf(rest % size, size)
    rest = Math.floor(rest / size)
  }
  return point
}

/** The point of the trial `index`, from 0. A grid varies its last parameter fastest. */
export function pointAt({ algorithm, seed }: Required<Sampling>, space: SearchSpace, index: number): Point {
  if (algorithm === 'grid') return gridPoint(space, index)
  const names = Object.keys(space)
  return Object.fromEntries(
    names.map((name, dimension) => [
      name,
      algorithm === 'sobol' ? spread(seed, index, dimension) : drawn(seed, index, name),
    ]),
  )
}
