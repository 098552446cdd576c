/** Columns as small whole numbers, one for each row: the bin of the value, 0 where there is none. */
export interface Binned {
  readonly rows: number
  readonly columns: readonly Uint8Array[]
}

export interface BoostedOptions {
  /** `squared` predicts a number, `logistic` the log-odds of target 1. */
  readonly loss: 'squared' | 'logistic'
  readonly trees: number
  readonly depth: number
  readonly rate: number
  readonly leastRows: number
}

/** A tree of full depth: inner nodes ask `bin <= split`, leaves add their value. */
interface Tree {
  readonly column: Int32Array
  readonly split: Uint8Array
  readonly leaves: Float64Array
}
export interface Boosted {
  readonly start: number
  readonly trees: readonly Tree[]
  /** How much each column lowered the loss. */
  readonly gains: Float64Array
}

export const BINS = 64
/** Ridge on the values of leaves; as XGBoost's default. */
const RIDGE = 1

/**
 * Gradient boosting over histograms (J. Friedman 2001; the second-order gains of T. Chen and C. Guestrin 2016): trees of one depth, grown
 * level by level. Small and deterministic; for what a large library would do better, take its answer for an approximation.
 */
export function boost(data: Binned, target: Float64Array, options: BoostedOptions): Boosted {
  const start = startOf(target, options.loss)
  const raw = new Float64Array(data.rows).fill(start)
  const gains = new Float64Array(data.columns.length)
  const trees: Tree[] = []
  const gradient = new Float64Array(data.rows)
  const curvature = new Float64Array(data.rows)
  for (let round = 0; round < options.trees; round++) {
    for (let i = 0; i < data.rows; i++) {
      const guess = options.loss === 'squared' ? (raw[i] as number) : logistic(raw[i] as number)
      gradient[i] = guess - (target[i] as number)
      curvature[i] = options.loss === 'squared' ? 1 : guess * (1 - guess)
    }
    const tree = grow(data, gradient, curvature, options, gains)
    trees.push(tree)
    addTo(raw, data, tree)
  }
  return { start, trees, gains }
}

/** What the model says of rows that are binned like those it learnt from: a number, or log-odds. */
export function boostedOutput({ start, trees }: Boosted, data: Binned): Float64Array {
  const raw = new Float64Array(data.rows).fill(start)
  for (const tree of trees) addTo(raw, data, tree)
  return raw
}

export const logistic = (x: number): number => 1 / (1 + Math.exp(-x))

function startOf(target: Float64Array, loss: BoostedOptions['loss']): number {
  const mean = target.reduce((sum, value) => sum + value, 0) / Math.max(1, target.length)
  if (loss === 'squared') return mean
  const kept = Math.min(0.999, Math.max(0.001, mean))
  return Math.log(kept / (1 - kept))
}

function grow(
  data: Binned,
  gradient: Float64Array,
  curvature: Float64Array,
  { depth, rate, leastRows }: BoostedOptions,
  gains: Float64Array,
): Tree {
  const inner = 2 ** depth - 1
  const column = new Int32Array(inner).fill(-1)
  const split = new Uint8Array(inner)
  const node = new Int32Array(data.rows)
  for (let level = 0; level < depth; level++) {
    const first = 2 ** level - 1
    const found = bestSplits(data, gradient, curvature, node, first, leastRows)
    for (const [i, best] of found.entries()) {
      if (best.column < 0) continue
      column[first + i] = best.column
      split[first + i] = best.split
      gains[best.column] = (gains[best.column] as number) + best.gain
    }
    descend(data, node, column, split)
  }
  const leaves = 2 ** depth
  const sums = new Float64Array(leaves)
  const weights = new Float64Array(leaves)
  for (let i = 0; i < data.rows; i++) {
    const leaf = (node[i] as number) - inner
    sums[leaf] = (sums[leaf] as number) + (gradient[i] as number)
    weights[leaf] = (weights[leaf] as number) + (curvature[i] as number)
  }
  return { column, split, leaves: sums.map((sum, leaf) => (-rate * sum) / ((weights[leaf] as number) + RIDGE)) }
}

/** One level down: a node without a split sends its rows to the left. */
function descend({ columns }: Binned, node: Int32Array, column: Int32Array, split: Uint8Array): void {
  for (let i = 0; i < node.length; i++) {
    const at = node[i] as number
    const asked = column[at] as number
    const goesLeft = asked < 0 || (columns[asked]?.[i] as number) <= (split[at] as number)
    node[i] = 2 * at + (goesLeft ? 1 : 2)
  }
}

interface Split {
  column: number
  split: number
  gain: number
}

function bestSplits(
  { rows, columns }: Binned,
  gradient: Float64Array,
  curvature: Float64Array,
  node: Int32Array,
  first: number,
  leastRows: number,
): Split[] {
  const nodes = first + 1
  const best = Array.from({ length: nodes }, (): Split => ({ column: -1, split: 0, gain: 1e-9 }))
  const sums = new Float64Array(nodes * BINS)
  const weights = new Float64Array(nodes * BINS)
  const counts = new Float64Array(nodes * BINS)
  for (const [index, bins] of columns.entries()) {
    sums.fill(0)
    weights.fill(0)
    counts.fill(0)
    for (let i = 0; i < rows; i++) {
      const cell = ((node[i] as number) - first) * BINS + (bins[i] as number)
      sums[cell] = (sums[cell] as number) + (gradient[i] as number)
      weights[cell] = (weights[cell] as number) + (curvature[i] as number)
      counts[cell] = (counts[cell] as number) + 1
    }
    for (const [i, known] of best.entries()) {
      const part = (of: Float64Array) => of.subarray(i * BINS, (i + 1) * BINS)
      bestOfColumn(index, part(sums), part(weights), part(counts), leastRows, known)
    }
  }
  return best
}

function bestOfColumn(
  column: number,
  sums: Float64Array,
  weights: Float64Array,
  counts: Float64Array,
  leastRows: number,
  best: Split,
): void {
  const total = (of: Float64Array) => of.reduce((sum, one) => sum + one, 0)
  const [g, h, n] = [total(sums), total(weights), total(counts)]
  if (n < 2 * leastRows) return
  const whole = (g * g) / (h + RIDGE)
  let [left, leftWeight, leftCount] = [0, 0, 0]
  for (let bin = 0; bin < BINS - 1; bin++) {
    left += sums[bin] as number
    leftWeight += weights[bin] as number
    leftCount += counts[bin] as number
    if (leftCount < leastRows || n - leftCount < leastRows) continue
    const gain = (left * left) / (leftWeight + RIDGE) + (g - left) ** 2 / (h - leftWeight + RIDGE) - whole
    if (gain > best.gain) Object.assign(best, { column, split: bin, gain })
  }
}

function addTo(raw: Float64Array, { rows, columns }: Binned, { column, split, leaves }: Tree): void {
  const inner = column.length
  for (let i = 0; i < rows; i++) {
    let at = 0
    while (at < inner) {
      const asked = column[at] as number
      const goesLeft = asked < 0 || (columns[asked]?.[i] as number) <= (split[at] as number)
      at = 2 * at + (goesLeft ? 1 : 2)
    }
    raw[i] = (raw[i] as number) + (leaves[at - inner] as number)
  }
}
