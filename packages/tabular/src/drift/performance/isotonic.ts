/** A rising step function with straight lines between its points. */
export interface Isotonic {
  readonly x: readonly number[]
  readonly y: readonly number[]
}

/**
 * The rising function that is nearest to the targets by squares: pool adjacent violators (M. Ayer and others, 1955), equal scores averaged
 * first, as sklearn.isotonic.IsotonicRegression.
 */
export function isotonicFit(score: Float64Array, target: Float64Array, rows: Uint32Array): Isotonic {
  const order = rows.slice().sort((a, b) => (score[a] as number) - (score[b] as number))
  const blocks: { sum: number; weight: number; from: number; to: number }[] = []
  for (let i = 0; i < order.length; ) {
    const x = score[order[i] as number] as number
    let block = { sum: 0, weight: 0, from: x, to: x }
    for (; i < order.length && score[order[i] as number] === x; i++) {
      block.sum += target[order[i] as number] as number
      block.weight++
    }
    for (
      let last = blocks.at(-1);
      last !== undefined && last.sum * block.weight >= block.sum * last.weight;
      last = blocks.at(-1)
    ) {
      block = { sum: last.sum + block.sum, weight: last.weight + block.weight, from: last.from, to: block.to }
      blocks.pop()
    }
    blocks.push(block)
  }
  const points = blocks.flatMap(({ sum, weight, from, to }) =>
    from === to ? [[from, sum / weight] as const] : [[from, sum / weight] as const, [to, sum / weight] as const],
  )
  return { x: points.map(([x]) => x), y: points.map(([, y]) => y) }
}

/** The value at a score; outside the range of the fit that of its end. */
export function isotonicAt({ x, y }: Isotonic, score: number): number {
  let [low, high] = [0, x.length - 1]
  if (score <= (x[low] as number)) return y[low] as number
  if (score >= (x[high] as number)) return y[high] as number
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if ((x[middle] as number) <= score) low = middle
    else high = middle
  }
  const [left, right] = [x[low] as number, x[high] as number]
  const share = (score - left) / (right - left)
  return (y[low] as number) + share * ((y[high] as number) - (y[low] as number))
}
