/** One line of the result: the same work, done by us and by a peer in the same run. */
export interface Row {
  readonly work: string
  /** `ms`, `MB` and `rows` are better when smaller, what is counted for each second when larger. */
  readonly unit: 'ms' | 'MB' | 'rows' | 'requests/s' | 'rows/s'
  readonly ours: number
  readonly peer?: number
  readonly peerName?: string
  /** The peer was stopped: its figure is more than this, and so is the multiple. */
  readonly peerIsMore?: boolean
  readonly target?: Target
  /** What a reader must know to trust the figure, e.g. the p99 beside a rate. */
  readonly note?: string
}

/** What docs/architecture.md promises: a multiple of the peer, an absolute bound in the row's unit, or both. */
export interface Target {
  readonly times?: number
  readonly bound?: number
}

export interface Bench {
  readonly name: string
  readonly about: string
  run(context: BenchContext): Promise<Row[]>
}

export interface BenchContext {
  /** An empty folder of this bench; removed afterwards. */
  readonly folder: string
  /** Size of what is large, where a bench has something large. */
  readonly gigabytes: number
  /** One line of progress. */
  say(text: string): void
}

/** How many times better we are than the peer; undefined without a peer. */
export function timesBetter(row: Row): number | undefined {
  if (row.peer === undefined) return undefined
  return row.unit.endsWith('/s') ? row.ours / row.peer : row.peer / row.ours
}

/** Whether the row keeps its promise; undefined when none was made. A multiple without a peer counts as not kept. */
export function keepsTarget(row: Row): boolean | undefined {
  if (row.target === undefined) return undefined
  const { times, bound } = row.target
  const within = bound === undefined || (row.unit.endsWith('/s') ? row.ours >= bound : row.ours <= bound)
  return within && (times === undefined || (timesBetter(row) ?? 0) >= times)
}

/** The middle value; of an even count the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length / 2
  const low = sorted[Math.ceil(middle) - 1]
  const high = sorted[Math.floor(middle)]
  if (low === undefined || high === undefined) throw new Error('a median needs at least one value')
  return (low + high) / 2
}

/** Runs a measurement `count` times, one after the other. */
export async function repeat<T>(count: number, measure: (round: number) => Promise<T>): Promise<T[]> {
  const results: T[] = []
  for (let round = 0; round < count; round++) results.push(await measure(round))
  return results
}
