import type { Tolerance } from '@hagane/contract'

/** How far two contents are apart. */
export type Closeness =
  | { verdict: 'bitwise' }
  | { verdict: 'tolerance'; detail: string }
  | { verdict: 'different'; detail: string }

/** Collects the numbers of two contents side by side and remembers the pair that is furthest apart. */
export class NumberPairs {
  private largest = 0
  private outside: string | undefined
  private readonly tolerance: Tolerance

  constructor(tolerance: Tolerance) {
    this.tolerance = tolerance
  }

  /** `where` is asked for only when the pair is outside the tolerance and the first that is. */
  add(a: number, b: number, where: () => string): void {
    if (Object.is(a, b) || a === b || (Number.isNaN(a) && Number.isNaN(b))) return
    const distance = Math.abs(a - b)
    if (!isClose(a, b, this.tolerance)) this.outside ??= `${where()}: ${a} then, ${b} now`
    else this.largest = Math.max(this.largest, distance / (Math.abs(a) || 1))
  }

  result(): Closeness {
    if (this.outside !== undefined) return { verdict: 'different', detail: this.outside }
    return { verdict: 'tolerance', detail: `largest relative difference ${this.largest.toPrecision(2)}` }
  }
}

/** |a − b| ≤ atol + rtol · |a|, where `a` is the original: NumPy's `allclose(now, then)`. Infinities are close to themselves only. */
export function isClose(a: number, b: number, { rtol, atol }: Tolerance): boolean {
  if (a === b || (Number.isNaN(a) && Number.isNaN(b))) return true
  return Number.isFinite(a) && Number.isFinite(b) && Math.abs(a - b) <= atol + rtol * Math.abs(a)
}
