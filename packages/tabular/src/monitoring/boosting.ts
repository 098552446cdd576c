/** A table as a surrogate learns it: bins of features and what is to be told, all by rows. */
export interface BinnedTable {
  readonly rows: number
  /** For each feature the bin of each row, at most `BINS`. */
  readonly bins: readonly Uint8Array[]
  /** For each output its value in each row. */
  readonly outputs: readonly Float64Array[]
}

export const BINS = 33
const ROUNDS = 40
const DEPTH = 3
const LEARNING_RATE = 0.2
/** A leaf of fewer rows says nothing. */
const LEAF_ROWS = 10

interface Split {
  readonly feature: number
  /** Rows up to this bin go left. */
  readonly bin: number
  readonly gain: number
}

/**
 * The gain that each feature brings to gradient boosted trees of squared loss, summed over all splits (J. Friedman, Greedy
 * function approximation, 2001; histograms as in LightGBM), in parts of one. All zero where nothing can be told.
 */
export function gains({ rows, bins, outputs }: BinnedTable): number[] {
  const residuals = outputs.map(centred)
  const gained = bins.map(() => 0)
  for (let round = 0; round < ROUNDS; round++) {
    const leaves = new Uint8Array(rows)
    let found = false
    for (let depth = 0, nodes = 1; depth < DEPTH; depth++, nodes *= 2) {
      const splits = Array.from({ length: nodes }, (_, node) => bestSplit(bins, residuals, leaves, node))
      for (const split of splits)
        if (split !== undefined) gained[split.feature] = (gained[split.feature] ?? 0) + split.gain
      found ||= splits.some(split => split !== undefined)
      for (let row = 0; row < rows; row++) {
        const node = leaves[row] as number
        const split = splits[node]
        const right = split !== undefined && (bins[split.feature]?.[row] as number) > split.bin
        leaves[row] = node * 2 + (right ? 1 : 0)
      }
    }
    if (!found) break
    for (const residual of residuals) subtractMeans(residual, leaves)
  }
  const sum = gained.reduce((all, one) => all + one, 0)
  return sum > 0 ? gained.map(gain => gain / sum) : gained
}

/** With mean 0 and variance 1, so that outputs weigh the same; constants are 0. */
function centred(values: Float64Array): Float64Array {
  const mean = values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length)
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, values.length)
  const scale = variance > 0 ? 1 / Math.sqrt(variance) : 0
  return values.map(value => (value - mean) * scale)
}

function bestSplit(
  bins: readonly Uint8Array[],
  residuals: readonly Float64Array[],
  leaves: Uint8Array,
  node: number,
): Split | undefined {
  let best: Split | undefined
  for (const [feature, of] of bins.entries()) {
    const { counts, sums } = histogram(of, residuals, leaves, node)
    const split = splitOf(counts, sums)
    if (split !== undefined && split.gain > (best?.gain ?? 1e-9)) best = { feature, ...split }
  }
  return best
}

function histogram(of: Uint8Array, residuals: readonly Float64Array[], leaves: Uint8Array, node: number) {
  const counts = new Float64Array(BINS)
  const sums = residuals.map(() => new Float64Array(BINS))
  for (let row = 0; row < of.length; row++) {
    if (leaves[row] !== node) continue
    const bin = of[row] as number
    counts[bin] = (counts[bin] as number) + 1
    for (let k = 0; k < residuals.length; k++) {
      const sum = sums[k] as Float64Array
      sum[bin] = (sum[bin] as number) + (residuals[k]?.[row] as number)
    }
  }
  return { counts, sums }
}

/** The cut between bins that lowers the squared error most. */
function splitOf(counts: Float64Array, sums: readonly Float64Array[]): Omit<Split, 'feature'> | undefined {
  const all = counts.reduce((sum, count) => sum + count, 0)
  const totals = sums.map(sum => sum.reduce((a, b) => a + b, 0))
  const whole = totals.reduce((sum, total) => sum + total ** 2 / Math.max(1, all), 0)
  const left = sums.map(() => 0)
  let n = 0
  let best: Omit<Split, 'feature'> | undefined
  for (let bin = 0; bin < BINS - 1; bin++) {
    n += counts[bin] as number
    let score = 0
    for (let k = 0; k < sums.length; k++) {
      left[k] = (left[k] as number) + (sums[k]?.[bin] as number)
      score +=
        (left[k] as number) ** 2 / Math.max(1, n) +
        ((totals[k] as number) - (left[k] as number)) ** 2 / Math.max(1, all - n)
    }
    if (n < LEAF_ROWS || all - n < LEAF_ROWS) continue
    if (score - whole > (best?.gain ?? 0)) best = { bin, gain: score - whole }
  }
  return best
}

function subtractMeans(residual: Float64Array, leaves: Uint8Array): void {
  const sums = new Float64Array(2 ** DEPTH)
  const counts = new Float64Array(2 ** DEPTH)
  for (let row = 0; row < residual.length; row++) {
    const leaf = leaves[row] as number
    sums[leaf] = (sums[leaf] as number) + (residual[row] as number)
    counts[leaf] = (counts[leaf] as number) + 1
  }
  for (let row = 0; row < residual.length; row++) {
    const leaf = leaves[row] as number
    residual[row] =
      (residual[row] as number) - (LEARNING_RATE * (sums[leaf] as number)) / Math.max(1, counts[leaf] as number)
  }
}
