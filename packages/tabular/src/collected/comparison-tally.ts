import type { ColumnComparison, DifferingRow } from '@hagane/contract'
import { compareOutputs, type LeafPair, leafAgrees, type OutputComparison } from './outputs.ts'

/** Places of an output that are told apart; what lies deeper in longer outputs is counted with the row alone. */
const mostPaths = 100
/** Label changes that are counted one by one for a place. */
const mostChanges = 1000
const shownChanges = 20

/** A live row and what the shadow made of it. */
export interface PairedRow {
  live_id: string
  shadow_id: string | null
  time: string
  live_status: number
  shadow_status: number | null
  shadow_prediction: string | null
  /** JSON, as are those of the shadow. */
  live: string | null
  shadow: string | null
}

/** Counts pairs of rows. */
export class ComparisonTally {
  readonly #tolerance: number
  readonly #worst: WorstRows
  readonly #places = new Map<string, PlaceTally>()
  readonly #counts = {
    mirrored: 0,
    compared: 0,
    agreed: 0,
    different: 0,
    other_shape: 0,
    only_live: 0,
    live_failed: 0,
    shadow_failed: 0,
    unanswered: 0,
  }

  constructor(tolerance: number, worst: number) {
    this.#tolerance = tolerance
    this.#worst = new WorstRows(worst)
  }

  add(pair: PairedRow): void {
    const counts = this.#counts
    counts.mirrored += 1
    if (pair.shadow_prediction === null) counts.unanswered += 1
    else if ((pair.shadow_status ?? 0) >= 400) counts.shadow_failed += 1
    else if (pair.live_status >= 400) counts.live_failed += 1
    else if (pair.shadow === null) counts.only_live += 1
    else if (pair.live !== null) this.#compare(pair, pair.live, pair.shadow)
  }

  result() {
    const { compared, agreed } = this.#counts
    return {
      ...this.#counts,
      ...(compared === 0 ? {} : { agreement: agreed / compared }),
      columns: [...this.#places].map(([path, place]) => place.result(path)),
      worst: this.#worst.result(),
    }
  }

  #compare(pair: PairedRow, live: string, shadow: string): void {
    const counts = this.#counts
    counts.compared += 1
    const [left, right]: [unknown, unknown] = [JSON.parse(live), JSON.parse(shadow)]
    const found = compareOutputs(left, right, this.#tolerance)
    for (const leaf of found.leaves) this.#place(leaf.path)?.add(leaf, leafAgrees(leaf, this.#tolerance))
    if (found.agrees) {
      counts.agreed += 1
      return
    }
    counts.different += 1
    if (!found.sameShape) counts.other_shape += 1
    const { live_id, shadow_id, time } = pair
    const difference = largestOf(found)
    this.#worst.add(rankOf(found, this.#tolerance), {
      ...{ live_id, shadow_id: shadow_id ?? '', time, live: left, shadow: right },
      ...(difference === undefined ? {} : { difference }),
    })
  }

  #place(path: string): PlaceTally | undefined {
    const known = this.#places.get(path)
    if (known !== undefined || this.#places.size >= mostPaths) return known
    const place = new PlaceTally()
    this.#places.set(path, place)
    return place
  }
}

function largestOf({ leaves }: OutputComparison): number | undefined {
  const numbers = leaves.flatMap(({ difference }) => difference ?? [])
  return numbers.length === 0 ? undefined : numbers.reduce((most, one) => Math.max(most, one), 0)
}

/** Other shapes and labels are worse than any number. */
function rankOf(found: OutputComparison, tolerance: number): number {
  const isNumeric =
    found.sameShape && found.leaves.every(leaf => leaf.difference !== undefined || leafAgrees(leaf, tolerance))
  return isNumeric ? (largestOf(found) ?? 0) : Number.POSITIVE_INFINITY
}

/** The differences at one place of the outputs. */
class PlaceTally {
  #compared = 0
  #agreed = 0
  #signed = 0
  readonly #differences: number[] = []
  readonly #changes = new Map<string, { live: unknown; shadow: unknown; count: number }>()

  add({ live, shadow, difference }: LeafPair, agrees: boolean): void {
    this.#compared += 1
    if (agrees) this.#agreed += 1
    if (difference !== undefined) {
      this.#differences.push(difference)
      this.#signed += Number(shadow) - Number(live)
    }
    if (agrees || (difference !== undefined && !(Number.isInteger(live) && Number.isInteger(shadow)))) return
    const key = JSON.stringify([live, shadow])
    const known = this.#changes.get(key)
    if (known !== undefined) known.count += 1
    else if (this.#changes.size < mostChanges) this.#changes.set(key, { live, shadow, count: 1 })
  }

  result(path: string): ColumnComparison {
    const changes = [...this.#changes.values()].sort((a, b) => b.count - a.count).slice(0, shownChanges)
    const sorted = Float64Array.from(this.#differences).sort()
    return {
      ...{ path, compared: this.#compared, agreed: this.#agreed },
      ...(sorted.length === 0 ? {} : { numeric: this.#numeric(sorted) }),
      changes,
    }
  }

  #numeric(sorted: Float64Array): NonNullable<ColumnComparison['numeric']> {
    const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0
    return {
      count: sorted.length,
      mean_difference: this.#signed / sorted.length,
      mean_absolute: sorted.reduce((sum, one) => sum + one, 0) / sorted.length,
      max: sorted.at(-1) ?? 0,
      ...{ p50: at(0.5), p90: at(0.9), p99: at(0.99) },
    }
  }
}

/** Keeps the rows of the highest rank, the earlier one where two are equal. */
class WorstRows {
  readonly #most: number
  #rows: { rank: number; order: number; row: DifferingRow }[] = []
  #seen = 0

  constructor(most: number) {
    this.#most = most
  }

  add(rank: number, row: DifferingRow): void {
    this.#rows.push({ rank, order: this.#seen, row })
    this.#seen += 1
    if (this.#rows.length > 2 * this.#most + 64) this.#trim()
  }

  result(): DifferingRow[] {
    this.#trim()
    return this.#rows.map(({ row }) => row)
  }

  #trim(): void {
    this.#rows.sort((a, b) => (a.rank === b.rank ? a.order - b.order : b.rank - a.rank))
    this.#rows = this.#rows.slice(0, this.#most)
  }
}
