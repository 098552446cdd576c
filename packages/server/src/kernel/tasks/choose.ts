/** What a task takes of the machine that runs it. */
export interface Load {
  cores: number
  memoryMb: number
}

/** What a queue allows at the same time, over all servers; absent means no limit. */
export interface QueueLimit {
  running?: number
  cores?: number
  memoryMb?: number
}

/** The task that is next in its lane. */
export interface Head extends Load {
  id: string
  rank: number
  queue: string
  share: string
}

/** Tasks that run, added up by queue and share. */
export interface RunningLoad extends Load {
  queue: string
  share: string
  count: number
  /** Of this machine, not of another server on the same database. */
  here: boolean
}

export interface Situation {
  heads: readonly Head[]
  running: readonly RunningLoad[]
  machine: Load
  limits: ReadonlyMap<string, QueueLimit>
  /** When each share was last given a turn; larger is later. */
  served: ReadonlyMap<string, number>
  /** Since when the head of a lane has found the machine too full (epoch ms). */
  blocked: ReadonlyMap<string, number>
  now: number
}

export interface Choice {
  take?: Head
  /** Heads that the machine has no room for. */
  full: string[]
}

/** For so long smaller tasks may pass one that the machine has no room for; then they wait until it fits. */
export const PATIENCE_MS = 60_000

/**
 * Which of the waiting tasks is next: the highest priority; within it the share with the least running work, then the
 * one whose turn is longest ago, then the oldest task. A queue at its limit holds back only its own tasks.
 */
export function chooseNext(situation: Situation): Choice {
  const { heads, running, machine, limits, blocked, now } = situation
  const used = total(running.filter(load => load.here))
  const full: string[] = []
  for (const head of inOrder(heads, situation)) {
    if (!queueHasRoom(head, running, limits.get(head.queue))) continue
    if (hasRoom(asAllowed(head, machine), used, machine)) return { take: head, full }
    full.push(head.id)
    if (now - (blocked.get(head.id) ?? now) >= PATIENCE_MS) break
  }
  return { full }
}

function inOrder(heads: readonly Head[], { running, served }: Situation): Head[] {
  const work = new Map<string, number>()
  for (const load of running) work.set(load.share, (work.get(load.share) ?? 0) + Math.max(load.cores, load.count))
  const workOf = (head: Head): number => work.get(head.share) ?? 0
  const turnOf = (head: Head): number => served.get(head.share) ?? 0
  return [...heads].sort(
    (a, b) => a.rank - b.rank || workOf(a) - workOf(b) || turnOf(a) - turnOf(b) || (a.id < b.id ? -1 : 1),
  )
}

function queueHasRoom(head: Head, running: readonly RunningLoad[], limit: QueueLimit | undefined): boolean {
  if (limit === undefined) return true
  const mine = running.filter(load => load.queue === head.queue)
  const count = mine.reduce((sum, load) => sum + load.count, 0)
  const most = { cores: limit.cores ?? Infinity, memoryMb: limit.memoryMb ?? Infinity }
  return count < (limit.running ?? Infinity) && hasRoom(asAllowed(head, most), total(mine), most)
}

/** What asks for more than there is runs alone, rather than never. */
const asAllowed = (load: Load, most: Load): Load => ({
  cores: Math.min(load.cores, most.cores),
  memoryMb: Math.min(load.memoryMb, most.memoryMb),
})

const hasRoom = (load: Load, used: Load, most: Load): boolean =>
  used.cores + load.cores <= most.cores && used.memoryMb + load.memoryMb <= most.memoryMb

const total = (loads: readonly RunningLoad[]): Load => ({
  cores: loads.reduce((sum, load) => sum + load.cores, 0),
  memoryMb: loads.reduce((sum, load) => sum + load.memoryMb, 0),
})
