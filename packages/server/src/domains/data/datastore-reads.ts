import type { Database } from '../../kernel/db/index.ts'
import type { DataTables } from './tables.ts'

export type DatastoreRow = DataTables['datastores']

const of = (db: Database, workspace: string) =>
  db.reads.withTables<DataTables>().selectFrom('datastores').selectAll().where('workspace', '=', workspace)

export const findDatastore = (db: Database, workspace: string, name: string): Promise<DatastoreRow | undefined> =>
  of(db, workspace).where('name', '=', name).executeTakeFirst()

/** By name. */
export const listDatastores = (db: Database, workspace: string): Promise<DatastoreRow[]> =>
  of(db, workspace).orderBy('name').execute()
