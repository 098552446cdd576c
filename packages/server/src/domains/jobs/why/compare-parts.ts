/** One part of a reuse key that differs, before its content is looked at. */
export interface PartChange {
  part: string
  name?: string
  before?: unknown
  after?: unknown
}

/** The parts of a key as they were stored; later releases may know more of them. */
export type StoredParts = Readonly<Record<string, unknown>>

/** Parts that hold one thing for each name, and what one such thing is called. */
const named: Readonly<Record<string, string>> = { variables: 'variable', outputs: 'output', search: 'search' }

/** Every difference between two keys, part by part. Pure. */
export function compareParts(before: StoredParts, after: StoredParts): PartChange[] {
  const parts = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort()
  return parts.flatMap(part => {
    const [was, is] = [before[part], after[part]]
    if (equal(was, is)) return []
    if (part === 'inputs') return perName(was, is, 'parameter').map(asInput)
    if (isRecord(was) && isRecord(is) && part !== 'code') return perName(was, is, named[part] ?? part)
    return [{ part: named[part] ?? part, ...sides(was, is) }]
  })
}

/** An input is data where either side is content, and a parameter otherwise. */
const asInput = (change: PartChange): PartChange =>
  isRecord(change.before) || isRecord(change.after) ? { ...change, part: 'data' } : change

function perName(before: unknown, after: unknown, part: string): PartChange[] {
  const [was, is] = [isRecord(before) ? before : {}, isRecord(after) ? after : {}]
  return [...new Set([...Object.keys(was), ...Object.keys(is)])]
    .sort()
    .filter(name => !equal(was[name], is[name]))
    .map(name => ({ part, name, ...sides(was[name], is[name]) }))
}

const sides = (before: unknown, after: unknown): { before?: unknown; after?: unknown } => ({
  ...(before === undefined ? {} : { before }),
  ...(after === undefined ? {} : { after }),
})

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Both come out of canonical JSON, so that equal values are equal texts; undefined and null are both "nothing". */
const equal = (a: unknown, b: unknown): boolean => JSON.stringify(a ?? null) === JSON.stringify(b ?? null)
