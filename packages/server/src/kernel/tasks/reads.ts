import { sql } from 'kysely'
import type { Database, Tx } from '../db/index.ts'
import type { Head, RunningLoad } from './choose.ts'
import { lanesOf, parseLane } from './lane.ts'

type Db = Pick<Tx, 'db'>['db']

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
