import type { Database } from '../../kernel/db/index.ts'
import type { WorkspaceRow } from './store.ts'
import type { WorkspaceTables } from './tables.ts'

const on = (db: Database) => db.reads.withTables<WorkspaceTables>().selectFrom('workspaces').selectAll()

export const findWorkspace = (db: Database, name: string): Promise<WorkspaceRow | undefined> =>
  on(db).where('name', '=', name).executeTakeFirst()

export const listWorkspaces = (db: Database, limit: number, after: string | undefined): Promise<WorkspaceRow[]> =>
  (after === undefined ? on(db) : on(db).where('name', '>', after)).orderBy('name').limit(limit).execute()
