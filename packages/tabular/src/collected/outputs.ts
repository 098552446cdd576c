/** A difference at one place of two outputs; `difference` is there when both are numbers. */
export interface LeafPair {
  /** `''` for an output that is one value, else like `.probability[1]`. */
  readonly path: string
  readonly live: unknown
  readonly shadow: unknown
  readonly difference?: number
}

export interface OutputComparison {
  readonly agrees: boolean
  /** One side has values where the other has none: other keys, lengths or kinds. */
  readonly sameShape: boolean
  readonly leaves: readonly LeafPair[]
}

/**
 * Compares two outputs place by place. Numbers agree when they differ by at most `tolerance`; NaN comes as null and agrees
 * with itself; everything else agrees when it is equal.
 */
export function compareOutputs(live: unknown, shadow: unknown, tolerance: number): OutputComparison {
  const leaves: LeafPair[] = []
  const sameShape = walk('', live, shadow, leaves)
  const agrees = sameShape && leaves.every(leaf => leafAgrees(leaf, tolerance))
  return { agrees, sameShape, leaves }
}

export const leafAgrees = ({ live, shadow, difference }: LeafPair, tolerance: number): boolean =>
  difference === undefined ? live === shadow : difference <= tolerance

function walk(path: string, live: unknown, shadow: unknown, leaves: LeafPair[]): boolean {
  if (Array.isArray(live) && Array.isArray(shadow)) {
    const same = live.length === shadow.length
    const places = Math.min(live.length, shadow.length)
    const below = Array.from({ length: places }, (_, at) => walk(`${path}[${at}]`, live[at], shadow[at], leaves))
    return same && below.every(Boolean)
  }
  if (isObject(live) && isObject(shadow)) {
    const names = new Set([...Object.keys(live), ...Object.keys(shadow)])
    const below = [...names].map(
      name =>
        Object.hasOwn(live, name) &&
        Object.hasOwn(shadow, name) &&
        walk(`${path}.${name}`, live[name], shadow[name], leaves),
    )
    return below.every(Boolean)
  }
  if (isNested(live) || isNested(shadow)) return false
  leaves.push(leafOf(path, live, shadow))
  return true
}

const leafOf = (path: string, live: unknown, shadow: unknown): LeafPair =>
  typeof live === 'number' && typeof shadow === 'number'
    ? { path, live, shadow, difference: Math.abs(live - shadow) }
    : { path, live, shadow }

const isNested = (value: unknown): boolean => typeof value === 'object' && value !== null
const isObject = (value: unknown): value is Record<string, unknown> => isNested(value) && !Array.isArray(value)
