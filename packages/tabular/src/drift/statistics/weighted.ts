/** Numbers as what stands there and how often: `values` ascend and are all different. */
export interface Weighted {
  readonly values: Float64Array
  /** How many numbers there are up to each value and at it; without it each stands there once. */
  readonly upTo?: Float64Array
  readonly total: number
}

/** Counts what repeats in sorted numbers, which are overwritten. */
export function weightedOf(sorted: Float64Array): Weighted {
  const n = sorted.length
  let distinct = n === 0 ? 0 : 1
  for (let i = 1; i < n; i++) if (sorted[i] !== sorted[i - 1]) distinct++
  if (distinct === n) return { values: sorted, total: n }
  const upTo = new Float64Array(distinct)
  let at = 0
  for (let i = 1; i < n; i++) {
    if (sorted[i] === sorted[at]) continue
    upTo[at++] = i
    sorted[at] = sorted[i] as number
  }
  upTo[at] = n
  return { values: sorted.subarray(0, distinct), upTo, total: n }
}

/** Values in ascending order and how often each is there. */
export function weightedBy(values: Float64Array, counts: ArrayLike<number>): Weighted {
  let total = 0
  const upTo = Float64Array.from(counts, count => (total += count))
  return { values, upTo, total }
}

/** How many numbers are among the first `i` values. */
export const amongFirst = ({ upTo }: Weighted, i: number): number =>
  upTo === undefined ? i : i === 0 ? 0 : (upTo[i - 1] as number)

export const countAt = ({ upTo }: Weighted, i: number): number =>
  upTo === undefined ? 1 : (upTo[i] as number) - (i === 0 ? 0 : (upTo[i - 1] as number))

/** How many of the values are below `limit`, or at most it. */
export function valuesBelow(values: Float64Array, limit: number, orAt = false): number {
  let [low, high] = [0, values.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    const value = values[middle] as number
    if (value < limit || (orAt && value === limit)) low = middle + 1
    else high = middle
  }
  return low
}

/** What Chan, Golub and LeVeque call the moments of a sample: they can be added. */
export interface Moments {
  readonly count: number
  readonly mean: number
  /** Sum of squared differences from the mean. */
  readonly m2: number
}

/** Two passes: the mean, then the squares of the differences from it, corrected by their sum (Chan, Golub, LeVeque 1983). */
export function momentsOf(numbers: Weighted): Moments {
  const { values, total } = numbers
  if (total === 0) return { count: 0, mean: 0, m2: 0 }
  let sum = 0
  for (let i = 0; i < values.length; i++) sum += (values[i] as number) * countAt(numbers, i)
  const mean = sum / total
  let [squares, rest] = [0, 0]
  for (let i = 0; i < values.length; i++) {
    const difference = (values[i] as number) - mean
    squares += difference * difference * countAt(numbers, i)
    rest += difference * countAt(numbers, i)
  }
  return { count: total, mean, m2: Math.max(0, squares - (rest * rest) / total) }
}

/** Moments of two samples as those of one (Chan, Golub, LeVeque 1979). */
export function addMoments(a: Moments, b: Moments): Moments {
  if (a.count === 0) return b
  if (b.count === 0) return a
  const count = a.count + b.count
  const delta = b.mean - a.mean
  return {
    count,
    mean: a.mean + (delta * b.count) / count,
    m2: a.m2 + b.m2 + (delta * delta * a.count * b.count) / count,
  }
}

/** Standard deviation of the population, as numpy.std. */
export const deviationOf = ({ count, m2 }: Moments): number => (count === 0 ? 0 : Math.sqrt(m2 / count))

/** Cohen's d: the difference of the means over the pooled standard deviation (J. Cohen, 1988). Undefined without spread. */
export function cohensD(reference: Moments, current: Moments): number | undefined {
  const freedom = reference.count + current.count - 2
  const pooled = freedom <= 0 ? 0 : Math.sqrt((reference.m2 + current.m2) / freedom)
  return pooled > 0 ? (current.mean - reference.mean) / pooled : undefined
}
