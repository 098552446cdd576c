import type { Database } from '../../kernel/db/index.ts'
import type { WorkspaceRow } from './store.ts'
import type { WorkspaceTables } from './tables.ts'

const on = (db: Database) => db.reads.withTables<WorkspaceTables>().selectFrom('workspaces').selectAll()

export const findWorkspace = (db: Database, name: string): Promise<WorkspaceRow | undefined> =>
  on(db).where('name', '=', name).executeTakeFirst()

export function listWorkspaces(
  db: Database,
  kind: WorkspaceRow['kind'],
  limit: number,
  after: string | undefined,
): Promise<WorkspaceRow[]> {
  const query = on(db).where('kind', '=', kind)
  return (after === undefined ? query : query.where('name', '>', after)).orderBy('name').limit(limit).execute()
}
