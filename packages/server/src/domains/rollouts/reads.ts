import type { Database } from '../../kernel/db/index.ts'
import type { MeasurementRow, RolloutRow, RolloutTables } from './tables.ts'

const on = (db: Database) => db.reads.withTables<RolloutTables>()

export const findRollout = (db: Database, workspace: string, name: string): Promise<RolloutRow | undefined> =>
  on(db)
    .selectFrom('rollouts')
    .selectAll()
    .where('workspace', '=', workspace)
    .where('name', '=', name)
    .executeTakeFirst()

interface Listed {
  limit: number
  before?: number | undefined
  endpoint?: string | undefined
  phase?: string | undefined
}

/** Newest first. */
export function listRollouts(
  db: Database,
  workspace: string,
  { limit, before, endpoint, phase }: Listed,
): Promise<RolloutRow[]> {
  let query = on(db).selectFrom('rollouts').selectAll().where('workspace', '=', workspace)
  if (before !== undefined) query = query.where('seq', '<', before)
  if (endpoint !== undefined) query = query.where('endpoint', '=', endpoint)
  if (phase !== undefined) query = query.where('phase', '=', phase)
  return query.orderBy('seq', 'desc').limit(limit).execute()
}

/** Rollouts that have to be looked at by now, of every workspace; those that wait longest first. */
export const dueRollouts = (db: Database, now: number, limit: number): Promise<RolloutRow[]> =>
  on(db).selectFrom('rollouts').selectAll().where('next_look', '<=', now).orderBy('next_look').limit(limit).execute()

/** Newest first. */
export function listMeasurements(db: Database, id: string, limit: number, before?: number): Promise<MeasurementRow[]> {
  const query = on(db).selectFrom('rollout_measurements').selectAll().where('rollout_id', '=', id)
  return (before === undefined ? query : query.where('seq', '<', before)).orderBy('seq', 'desc').limit(limit).execute()
}
