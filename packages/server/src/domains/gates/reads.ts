import type { Database } from '../../kernel/db/index.ts'
import type { GateRow, GateRunRow, GateTables } from './tables.ts'

const on = (db: Database) => db.reads.withTables<GateTables>()

export const findGate = (db: Database, workspace: string, name: string): Promise<GateRow | undefined> =>
  on(db).selectFrom('gates').selectAll().where('workspace', '=', workspace).where('name', '=', name).executeTakeFirst()

/** In the order of names, after the name given. */
export const listGates = (db: Database, workspace: string, limit: number, after = ''): Promise<GateRow[]> =>
  on(db)
    .selectFrom('gates')
    .selectAll()
    .where('workspace', '=', workspace)
    .where('name', '>', after)
    .orderBy('name')
    .limit(limit)
    .execute()

export const findRun = (db: Database, workspace: string, name: string): Promise<GateRunRow | undefined> =>
  on(db)
    .selectFrom('gate_runs')
    .selectAll()
    .where('workspace', '=', workspace)
    .where('name', '=', name)
    .executeTakeFirst()

/** The run that a caller's key began. From the writing connection: it may have been written just now. */
export const runOfKey = (db: Database, workspace: string, key: string): Promise<GateRunRow | undefined> =>
  db.writes
    .withTables<GateTables>()
    .selectFrom('gate_runs')
    .selectAll()
    .where('workspace', '=', workspace)
    .where('idempotency', '=', key)
    .executeTakeFirst()

/** Newest first. */
export function listRuns(
  db: Database,
  workspace: string,
  { limit, before, gate }: { limit: number; before?: number | undefined; gate?: string | undefined },
): Promise<GateRunRow[]> {
  let query = on(db).selectFrom('gate_runs').selectAll().where('workspace', '=', workspace)
  if (before !== undefined) query = query.where('seq', '<', before)
  if (gate !== undefined) query = query.where('gate', '=', gate)
  return query.orderBy('seq', 'desc').limit(limit).execute()
}
