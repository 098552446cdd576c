import type { Database, Tx } from '../../../kernel/db/index.ts'
import type { Logger } from '../../../kernel/log.ts'
import { readsOf, writesOf } from '../tables.ts'
import { hasTail, runsWithTail, type Segment, segmentBefore, tailOf } from './reads.ts'
import { concatSegments, encodeColumns, latestOf } from './segments.ts'
import { clearTail, lockFolding, mergeSegments, raiseLatest } from './store.ts'

/** Folding waits this long after a batch, so that a burst is folded once. */
const DELAY_MS = 500
/** Bounds of one transaction, which holds up every other writer. */
const SEGMENTS_PER_FOLD = 64
const RUNS_PER_ROUND = 32
/** Segments below this size are joined, so that points logged one by one are read as quickly as batches. */
const SMALL_POINTS = 512
const MERGED_POINTS = 65_536

interface Folded {
  run_no: number
  experiment_id: number
}

/**
 * Folds logged segments into `latest_metrics` and joins small ones. Logging itself appends only, which makes it quick; whoever
 * needs the latest values in SQL (search, the seal at a run's end) folds first, and a background round does it half a second
 * after the last batch. Points are readable and durable from the moment they are logged.
 */
export async function foldRun(tx: Tx, { run_no, experiment_id }: Folded): Promise<void> {
  await lockFolding(tx, run_no)
  for (;;) {
    const tail = await tailOf(writesOf(tx), run_no, SEGMENTS_PER_FOLD)
    if (tail.length === 0) return
    await raiseLatest(tx, run_no, experiment_id, latestOf(tail.map(segment => segment.columns)).values())
    await clearTail(
      tx,
      tail.map(segment => segment.segmentId),
    )
    await joinSmall(tx, run_no, tail)
    if (tail.length < SEGMENTS_PER_FOLD) return
  }
}

/** Joins neighbours that are small, and the one before them while it is no more than twice as large: few rewrites per point. */
async function joinSmall(tx: Tx, runNo: number, tail: readonly Segment[]): Promise<void> {
  for (const group of smallGroups(tail)) {
    const joined = [...group]
    for (;;) {
      const first = joined[0] as Segment
      const total = joined.reduce((sum, segment) => sum + segment.points, 0)
      const before = await segmentBefore(writesOf(tx), runNo, first.segmentId)
      if (before === undefined || before.points > 2 * total || before.points + total > MERGED_POINTS) break
      joined.unshift(before)
    }
    if (joined.length < 2) continue
    const columns = concatSegments(joined.map(segment => segment.columns))
    await mergeSegments(
      tx,
      joined.map(segment => segment.segmentId),
      columns.count,
      encodeColumns(columns),
    )
  }
}

function smallGroups(tail: readonly Segment[]): Segment[][] {
  const groups: Segment[][] = []
  let open: Segment[] = []
  for (const segment of tail) {
    if (segment.points < SMALL_POINTS) open.push(segment)
    else if (open.length > 0) {
      groups.push(open)
      open = []
    }
  }
  return open.length > 0 ? [...groups, open] : groups
}

export interface Folding {
  /** Asks for a round soon. */
  soon(): void
  /** Folds everything of these experiments before a search reads them. */
  freshen(experimentIds: readonly number[]): Promise<void>
  freshenRuns(runNos: readonly number[]): Promise<void>
  stop(): Promise<void>
}

export function buildFolding(db: Database, log: Logger): Folding {
  const who = { workspace: 'default', actor: 'server' }
  let timer: NodeJS.Timeout | undefined
  let running: Promise<unknown> = Promise.resolve()
  let stopped = false

  const round = async (among: Parameters<typeof runsWithTail>[3] = {}): Promise<boolean> => {
    const runs = await runsWithTail(readsOf(db), db.dialect, RUNS_PER_ROUND, among)
    for (const run of runs) await db.withTransaction(who, tx => foldRun(tx, run))
    return runs.length === RUNS_PER_ROUND
  }
  const freshen = async (among: Parameters<typeof runsWithTail>[3]): Promise<void> => {
    if (!(await hasTail(readsOf(db)))) return
    while (await round(among)) {}
  }
  const background = async () => {
    timer = undefined
    while (!stopped && (await round())) {}
  }
  return {
    soon() {
      if (stopped || timer !== undefined) return
      timer = setTimeout(() => {
        running = background().catch(error =>
          log.warn({ err: error }, 'folding metrics failed; the next round tries again'),
        )
      }, DELAY_MS)
      timer.unref()
    },
    freshen: experimentIds => freshen({ experimentIds }),
    freshenRuns: runNos => freshen({ runNos }),
    async stop() {
      stopped = true
      clearTimeout(timer)
      await running
    },
  }
}
