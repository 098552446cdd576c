import type { Tolerance } from '@hagane/contract'
import { canonicalJson } from '../../../kernel/canonical-json.ts'
import { type Closeness, NumberPairs } from './numbers.ts'

/** A number that stands alone: not the digits of a name, a version or a digest. */
const number = /(?<![\w.])[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?(?![\w.])/g

/** Compares texts number by number; what stands between the numbers has to be the same. */
export function compareTexts(before: string, after: string, tolerance: Tolerance): Closeness {
  const [a, b] = [before.matchAll(number), after.matchAll(number)]
  const pairs = new NumberPairs(tolerance)
  let [atA, atB] = [0, 0]
  for (;;) {
    const [x, y] = [a.next().value, b.next().value]
    const [endA, endB] = [x?.index ?? before.length, y?.index ?? after.length]
    if (before.slice(atA, endA) !== after.slice(atB, endB) || (x === undefined) !== (y === undefined))
      return { verdict: 'different', detail: `line ${lineAt(before, endA)}: the text is not the same` }
    if (x === undefined || y === undefined) return pairs.result()
    pairs.add(Number(x[0]), Number(y[0]), () => `line ${lineAt(before, endA)}`)
    ;[atA, atB] = [endA + x[0].length, endB + y[0].length]
  }
}

const lineAt = (text: string, index: number): number => text.slice(0, index).split('\n').length

/** Compares JSON documents whatever the order of their keys; undefined when one of them is not JSON. */
export function compareJson(before: string, after: string, tolerance: Tolerance): Closeness | undefined {
  const [a, b] = [parsed(before), parsed(after)]
  if (a === undefined || b === undefined) return undefined
  const result = compareTexts(canonicalJson(a), canonicalJson(b), tolerance)
  // a place in the canonical text says nothing about the file
  return result.verdict === 'different' ? { ...result, detail: result.detail.replace(/^line 1: /, '') } : result
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
