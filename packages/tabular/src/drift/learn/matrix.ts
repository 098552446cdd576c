import type { Engine } from '../../engine.ts'
import { categoryOf, type Feature, numberOf, type Side, sampleOf } from '../sides/side.ts'
import { BINS, type Binned } from './boosted-trees.ts'

/** Rows of a table as columns of numbers, row by row alongside; NaN where there is none. Categories are 53 bits of a hash. */
export interface Matrix {
  readonly rows: number
  readonly columns: readonly Float64Array[]
}

export async function matrixOf(
  engine: Engine,
  side: Side,
  features: readonly Feature[],
  of: 'referenceType' | 'currentType',
  most: number,
): Promise<Matrix> {
  if (features.length === 0) return { rows: 0, columns: [] }
  const columns = features.map((feature, i) => `${asNumber(feature, feature[of])} as c${i}`)
  const found = await engine.doubles(`select ${columns.join(', ')} from (${sampleOf(side, most)})`)
  return { rows: found[0]?.length ?? 0, columns: found }
}

export const isNumberLike = ({ kind }: Feature): boolean => kind === 'numeric' || kind === 'time'

function asNumber(feature: Feature, type: string): string {
  if (isNumberLike(feature)) return numberOf(feature.name, type, feature.kind)
  const category = categoryOf(feature.name, type)
  return `case when ${category} is null then 'nan'::double else (hash(${category}) >> 11)::double end`
}

/** How values of each column become bins: quantiles of numbers; categories by how frequent they are. */
export type Binning = readonly ((value: number) => number)[]

export function binningOf({ columns }: Matrix, features: readonly Feature[]): Binning {
  return columns.map((values, i) => (isNumberLike(features[i] as Feature) ? byQuantile(values) : byFrequency(values)))
}

export const binned = ({ rows, columns }: Matrix, binning: Binning): Binned => ({
  rows,
  columns: columns.map((values, i) => Uint8Array.from(values, value => binning[i]?.(value) ?? 0)),
})

function byQuantile(values: Float64Array): (value: number) => number {
  const sorted = values.filter(value => !Number.isNaN(value)).sort()
  const edges: number[] = []
  for (let i = 1; i < BINS - 1; i++) {
    const edge = sorted[Math.floor((sorted.length * i) / (BINS - 1))]
    if (edge !== undefined && edge !== edges.at(-1)) edges.push(edge)
  }
  return value => {
    if (Number.isNaN(value)) return 0
    let [low, high] = [0, edges.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((edges[middle] as number) < value) low = middle + 1
      else high = middle
    }
    return low + 1
  }
}

function byFrequency(values: Float64Array): (value: number) => number {
  const counts = new Map<number, number>()
  for (const value of values) if (!Number.isNaN(value)) counts.set(value, (counts.get(value) ?? 0) + 1)
  const ordered = [...counts].sort(([a, n], [b, m]) => m - n || a - b).slice(0, BINS - 2)
  const bins = new Map(ordered.map(([value], i) => [value, i + 1]))
  return value => (Number.isNaN(value) ? 0 : (bins.get(value) ?? BINS - 1))
}
