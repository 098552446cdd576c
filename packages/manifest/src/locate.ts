import type { Origins, Place } from './origins.ts'
import { isMap, own, type Pointer } from './tree.ts'

/** What is written in the place of its owner's own properties: a server names them without it. */
const through = ['component', 'trial', 'create_job', 'job'] as const

/** The keys that the words begin with; keys of users may hold dots. */
function keyOf(value: unknown, words: readonly string[]): string | undefined {
  if (Array.isArray(value)) return Object.hasOwn(value, words[0] ?? '') ? words[0] : undefined
  if (!isMap(value)) return undefined
  const lengths = words.map((_, index) => words.length - index)
  return lengths.map(length => words.slice(0, length).join('.')).find(key => Object.hasOwn(value, key))
}

/** The pointer to as much of a property as was written, and how many of its words that is. */
function reach(value: unknown, words: readonly string[]): { pointer: Pointer; reached: number } {
  if (words.length === 0) return { pointer: [], reached: 0 }
  const key = keyOf(value, words)
  if (key !== undefined) {
    const taken = key.split('.').length
    const rest = reach((value as Record<string, unknown>)[key], words.slice(taken))
    return { pointer: [key, ...rest.pointer], reached: taken + rest.reached }
  }
  if (!isMap(value)) return { pointer: [], reached: 0 }
  const ways = through
    .filter(inner => isMap(own(value, inner)))
    .map(inner => ({ inner, found: reach(own(value, inner), words) }))
    .filter(({ found }) => found.reached > 0)
  const [way] = ways
  return way === undefined
    ? { pointer: [], reached: 0 }
    : { pointer: [way.inner, ...way.found.pointer], reached: way.found.reached }
}

/**
 * Where a property was written that a server names as `jobs.train.inputs.lr` (`job.inputs.lr` for a single job), also in
 * a component file. The place of its owner when the property itself was left out; undefined for what is no part of it.
 */
export function locate(origins: Origins, root: unknown, property: string): Place | undefined {
  const words = property.split(/[.[\]]+/).filter(word => word !== '')
  const whole = reach(root, words)
  const { pointer } = whole.reached === 0 && words[0] === 'job' ? reach(root, words.slice(1)) : whole
  if (pointer.length === 0 && words[0] !== 'job') return undefined
  return origins.placeAt(root, pointer)
}
