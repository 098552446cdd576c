import { amongFirst, countAt, valuesBelow, type Weighted } from './weighted.ts'

/** Different values of the reference up to which each value is a bin of its own, as Evidently does. */
const FEW_VALUES = 20

/**
 * Edges of equally wide bins between two values, as many as H. Sturges (1926) advises for `size` values: numpy.histogram_bin_edges
 * with bins='sturges'. `whole` numbers get no bins narrower than 1, as in numpy.
 */
export function sturgesEdges(low: number, high: number, size: number, whole: boolean): Float64Array {
  const [first, last] = low === high ? [low - 0.5, high + 0.5] : [low, high]
  const width = (high - low) / (Math.log2(size) + 1)
  const wide = whole && width < 1 ? 1 : width
  const bins = low === high || !(wide > 0) ? 1 : Math.max(1, Math.ceil((last - first) / wide))
  const step = (last - first) / bins
  const edges = Float64Array.from({ length: bins + 1 }, (_, i) => i * step + first)
  edges[bins] = last
  return edges
}

/** How many of the numbers lie in each bin [edge, next edge); the last bin holds its upper edge too, as numpy.histogram. */
export function binCounts(numbers: Weighted, edges: Float64Array): Float64Array {
  const bins = edges.length - 1
  const below = Float64Array.from(edges, (edge, i) =>
    amongFirst(numbers, valuesBelow(numbers.values, edge, i === bins)),
  )
  return Float64Array.from({ length: bins }, (_, i) => (below[i + 1] as number) - (below[i] as number))
}

/** Counts of both sides in the same bins. */
export interface PairedCounts {
  readonly reference: Float64Array
  readonly current: Float64Array
}

/** The bins of Jensen-Shannon and PSI: one for each value where the reference has few, Sturges' over both sides otherwise. */
export function distributionBins(reference: Weighted, current: Weighted, whole: boolean): PairedCounts {
  if (reference.values.length <= FEW_VALUES) return countsByValue(reference, current)
  const [low, high] = rangeOf(reference, current)
  const edges = sturgesEdges(low, high, reference.total + current.total, whole)
  return { reference: binCounts(reference, edges), current: binCounts(current, edges) }
}

/** Evidently's bins for Hellinger: Sturges' for as many values as there are `different` ones on both sides. */
export function hellingerBins(reference: Weighted, current: Weighted, different: number, whole: boolean): PairedCounts {
  const [low, high] = rangeOf(reference, current)
  const edges = sturgesEdges(low, high, different, whole)
  return { reference: binCounts(reference, edges), current: binCounts(current, edges) }
}

const rangeOf = ({ values: a }: Weighted, { values: b }: Weighted): [number, number] => [
  Math.min(a[0] ?? Number.POSITIVE_INFINITY, b[0] ?? Number.POSITIVE_INFINITY),
  Math.max(a.at(-1) ?? Number.NEGATIVE_INFINITY, b.at(-1) ?? Number.NEGATIVE_INFINITY),
]

function countsByValue(reference: Weighted, current: Weighted): PairedCounts {
  const [a, b] = [reference.values, current.values]
  const pairs: [number, number][] = []
  let [i, j] = [0, 0]
  while (i < a.length || j < b.length) {
    const left = i < a.length ? (a[i] as number) : Number.POSITIVE_INFINITY
    const right = j < b.length ? (b[j] as number) : Number.POSITIVE_INFINITY
    pairs.push([left <= right ? countAt(reference, i++) : 0, right <= left ? countAt(current, j++) : 0])
  }
  return { reference: Float64Array.from(pairs, ([r]) => r), current: Float64Array.from(pairs, ([, c]) => c) }
}
