import type { Database } from '../../kernel/db/index.ts'
import type { ComputeRow } from './store.ts'
import type { ComputeTables } from './tables.ts'

const on = (db: Database, workspace: string) =>
  db.reads.withTables<ComputeTables>().selectFrom('compute').selectAll().where('workspace', '=', workspace)

export const findCompute = (db: Database, workspace: string, name: string): Promise<ComputeRow | undefined> =>
  on(db, workspace).where('name', '=', name).executeTakeFirst()
export const listCompute = (db: Database, workspace: string): Promise<ComputeRow[]> =>
  on(db, workspace).orderBy('name').execute()

/** Of all workspaces. */
export const allCompute = (db: Database): Promise<ComputeRow[]> =>
  db.reads.withTables<ComputeTables>().selectFrom('compute').selectAll().execute()
