import { sql } from 'kysely'
import type { Database } from '../db/index.ts'
import type { Head, RunningLoad } from './choose.ts'
import { lanesOf, parseLane } from './lane.ts'

type Db = Database['reads']

/** Whether any task of a kind waits. */
export async function anyWaiting(db: Database, kind: string): Promise<boolean> {
  const { from, to } = lanesOf(kind)
  const { rows } =
    await sql`select 1 from tasks where state = 'queued' and lane > ${from} and lane < ${to} limit 1`.execute(db.reads)
  return rows.length > 0
}

/**
 * The first waiting task of each lane of a kind. Jumps from lane to lane in the index of waiting tasks: the cost grows
 * with the number of lanes, not of tasks. `state = 'queued'` is text, since a bound value would not match that index.
 */
export async function headsOf(db: Db, kind: string): Promise<Head[]> {
  const { from, to } = lanesOf(kind)
  const { rows } = await sql<{ id: string; lane: string; cores: number; memory_mb: number }>`
    with recursive lanes(lane) as (
      select min(lane) from tasks where state = 'queued' and lane > ${from} and lane < ${to}
      union all
      select (select min(next.lane) from tasks as next where next.state = 'queued' and next.lane > lanes.lane and next.lane < ${to})
      from lanes where lanes.lane is not null)
    select tasks.id, tasks.lane, tasks.cores, tasks.memory_mb from lanes join tasks
      on tasks.id = (select min(first.id) from tasks as first where first.state = 'queued' and first.lane = lanes.lane)
    where lanes.lane is not null`.execute(db)
  return rows.map(({ id, lane, cores, memory_mb }) => {
    const { rank, queue, share } = parseLane(lane)
    return { id, rank, queue, share, cores, memoryMb: memory_mb }
  })
}

/** What runs of a kind, by queue and share. */
export async function runningLoads(db: Db, kind: string, owner: string): Promise<RunningLoad[]> {
  const { from, to } = lanesOf(kind)
  const { rows } = await sql<{ lane: string; lease_owner: string; n: number; cores: number; memory_mb: number }>`
    select lane, lease_owner, count(*) as n, sum(cores) as cores, sum(memory_mb) as memory_mb from tasks
    where state = 'leased' and lane > ${from} and lane < ${to} group by lane, lease_owner`.execute(db)
  return rows.map(row => {
    const { queue, share } = parseLane(row.lane)
    const here = row.lease_owner === owner
    return { queue, share, here, count: Number(row.n), cores: row.cores, memoryMb: row.memory_mb }
  })
}

/** Until when leases hold, and whose they are, by subject. */
export async function leasesOf(
  db: Db,
  kind: string,
  subjects: readonly string[],
): Promise<{ subject: string; until: number; owner: string }[]> {
  if (subjects.length === 0) return []
  const rows = await db
    .selectFrom('tasks')
    .select(['subject', 'lease_until', 'lease_owner'])
    .where('subject', 'in', subjects)
    .where('kind', '=', kind)
    .where('state', '=', 'leased')
    .execute()
  return rows.map(row => ({ subject: row.subject, until: Number(row.lease_until), owner: row.lease_owner ?? '' }))
}

/** How many tasks of its lane are before a waiting task, by subject; a subject that does not wait is absent. */
export async function aheadOf(db: Db, kind: string, subjects: readonly string[]): Promise<Map<string, number>> {
  const ahead = new Map<string, number>()
  if (subjects.length === 0) return ahead
  const waiting = await db
    .selectFrom('tasks')
    .select(['id', 'lane', 'subject'])
    .where('subject', 'in', subjects)
    .where('kind', '=', kind)
    .where('state', '=', 'queued')
    .orderBy('lane')
    .orderBy('id')
    .execute()
  let [lane, after, before] = ['', '', 0]
  for (const task of waiting) {
    if (task.lane !== lane) [lane, after, before] = [task.lane, '', 0]
    const { rows } = await sql<{ n: number }>`
      select count(*) as n from tasks where state = 'queued' and lane = ${lane} and id >= ${after} and id < ${task.id}`.execute(
      db,
    )
    before += Number(rows[0]?.n ?? 0)
    ahead.set(task.subject, before)
    after = task.id
  }
  return ahead
}

/** How many tasks wait although they are due, and how many are being carried out, by kind. Read from the indexes of lanes. */
export async function taskCounts(db: Db): Promise<Record<'waiting' | 'running', Record<string, number>>> {
  const inState = async (rows: Promise<{ rows: { lane: string; n: number }[] }>): Promise<Record<string, number>> => {
    const counts: Record<string, number> = {}
    for (const { lane, n } of (await rows).rows) {
      const { kind } = parseLane(lane)
      counts[kind] = (counts[kind] ?? 0) + Number(n)
    }
    return counts
  }
  return {
    waiting: await inState(
      sql<{
        lane: string
        n: number
      }>`select lane, count(*) as n from tasks where state = 'queued' group by lane`.execute(db),
    ),
    running: await inState(
      sql<{
        lane: string
        n: number
      }>`select lane, count(*) as n from tasks where state = 'leased' group by lane`.execute(db),
    ),
  }
}
