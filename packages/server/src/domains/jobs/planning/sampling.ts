import { createHash } from 'node:crypto'
import { HaganeError, pythonText } from '@hagane/contract'

type Space = Record<string, { type: string; [key: string]: unknown }>
export type Sample = Record<string, string>

/** The most combinations a grid may have. */
const MAX_GRID = 10_000

/** Random numbers in [0, 1) from a seed: SHA-256 of seed and counter, 48 bits each, so that a sweep can be drawn again. */
function seeded(seed: string): () => number {
  let counter = 0
  return () => createHash('sha256').update(`${seed}/${counter++}`).digest().readUIntBE(0, 6) / 2 ** 48
}

const number = (space: Space[string], name: string, key: string): number => {
  const value = Number(space[key])
  if (!Number.isFinite(value))
    throw new HaganeError('invalid', `search_space.${name}.${key}: a ${space.type} needs a number here`, {
      details: [{ property: `search_space.${name}.${key}`, message: 'not a number', sent: space[key] }],
    })
  return value
}

const outOfRange = (space: Space[string], name: string, key: string, allowed: string): HaganeError =>
  new HaganeError('invalid', `search_space.${name}.${key}: '${space[key]}' is not ${allowed}`, {
    details: [{ property: `search_space.${name}.${key}`, message: 'out of range', sent: space[key], allowed }],
  })

/** What values are rounded to a multiple of. */
function step(space: Space[string], name: string): number {
  const q = number(space, name, 'q')
  if (q <= 0) throw outOfRange(space, name, 'q', 'above 0')
  return q
}

/** Box–Muller: https://en.wikipedia.org/wiki/Box%E2%80%93Muller_transform */
const gaussian = (random: () => number): number =>
  Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())

type Draw = (space: Space[string], name: string, random: () => number) => unknown
const between: (space: Space[string], name: string, random: () => number) => number = (space, name, random) => {
  const low = number(space, name, 'min_value')
  const high = number(space, name, 'max_value')
  if (high < low) throw outOfRange(space, name, 'max_value', `at least min_value, which is ${low}`)
  return low + random() * (high - low)
}
const normal: typeof between = (space, name, random) =>
  number(space, name, 'mu') + number(space, name, 'sigma') * gaussian(random)
const quantized =
  (draw: typeof between): Draw =>
  (space, name, random) =>
    Math.round(draw(space, name, random) / step(space, name)) * step(space, name)
const exponential =
  (draw: typeof between): typeof between =>
  (space, name, random) =>
    Math.exp(draw(space, name, random))

const valuesOf = (space: Space[string], name: string): unknown[] => {
  if (!Array.isArray(space.values) || space.values.length === 0)
    throw new HaganeError('invalid', `search_space.${name}.values: a choice needs a list of values`)
  return space.values
}

/** Azure ML's search space expressions; the logarithmic ones draw exp(x), bounds are of x. */
const draws: Record<string, Draw> = {
  choice: (space, name, random) => valuesOf(space, name)[Math.floor(random() * valuesOf(space, name).length)],
  randint(space, name, random) {
    const upper = number(space, name, 'upper')
    if (upper < 1) throw outOfRange(space, name, 'upper', 'at least 1')
    return Math.floor(random() * upper)
  },
  uniform: between,
  quniform: quantized(between),
  loguniform: exponential(between),
  qloguniform: quantized(exponential(between)),
  normal,
  qnormal: quantized(normal),
  lognormal: exponential(normal),
  qlognormal: quantized(exponential(normal)),
}

/** `count` independent draws from the space; equal seeds give equal draws. */
export function randomSamples(space: Space, count: number, seed: string): Sample[] {
  const random = seeded(seed)
  return Array.from({ length: count }, () =>
    Object.fromEntries(
      Object.entries(space).map(([name, entry]) => [name, pythonText(drawOf(entry, name)(entry, name, random))]),
    ),
  )
}

/** Every combination of choices, the last parameter varying fastest. Throws invalid when a parameter is not a choice. */
export function gridSamples(space: Space, limit: number): Sample[] {
  let samples: Sample[] = [{}]
  for (const [name, entry] of Object.entries(space)) {
    if (entry.type !== 'choice')
      throw new HaganeError('invalid', `search_space.${name}: a grid needs choice, this is ${entry.type}`, {
        hint: 'use sampling_algorithm: random, or list the values as a choice',
      })
    const values = valuesOf(entry, name)
    if (samples.length * values.length > MAX_GRID)
      throw new HaganeError('invalid', `search_space: the grid has more than ${MAX_GRID} combinations`, {
        hint: 'use sampling_algorithm: random',
      })
    samples = samples.flatMap(sample => values.map(value => ({ ...sample, [name]: pythonText(value) })))
  }
  return samples.slice(0, limit)
}

function drawOf(entry: Space[string], name: string): Draw {
  const draw = Object.hasOwn(draws, entry.type) ? draws[entry.type] : undefined
  if (draw === undefined)
    throw new HaganeError('invalid', `search_space.${name}.type: '${entry.type}' is not known`, {
      details: [
        { property: `search_space.${name}.type`, message: 'unknown', sent: entry.type, allowed: Object.keys(draws) },
      ],
    })
  return draw
}
