import type { Database } from '../../kernel/db/index.ts'
import type { CollectedFileRow, CollectionTables } from './tables.ts'

const on = (db: Database) => db.reads.withTables<CollectionTables>()

export interface FileFilter {
  readonly collections?: readonly string[]
  readonly deployment?: string | undefined
  /** Hours as they are written, 2026-11-23T22; feedback is taken whatever its hour. */
  readonly from?: string | undefined
  readonly to?: string | undefined
}

/** The files of an endpoint that are still there, in order of time. */
export function listFiles(
  db: Database,
  workspace: string,
  endpoint: string,
  filter: FileFilter = {},
): Promise<CollectedFileRow[]> {
  const { collections, deployment, from, to } = filter
  let query = on(db)
    .selectFrom('collected_files')
    .selectAll()
    .where('workspace', '=', workspace)
    .where('endpoint', '=', endpoint)
    .where('expired_at', 'is', null)
  if (collections !== undefined) query = query.where('collection', 'in', collections)
  if (deployment !== undefined) query = query.where('deployment', '=', deployment)
  if (from !== undefined)
    query = query.where(one => one.or([one('hour', '>=', from), one('collection', '=', 'feedback')]))
  if (to !== undefined) query = query.where(one => one.or([one('hour', '<=', to), one('collection', '=', 'feedback')]))
  return query.orderBy('hour').orderBy('path').execute()
}

/** Files of hours before this one that are still there, of any workspace. */
export const filesBefore = (db: Database, hour: string, limit: number): Promise<CollectedFileRow[]> =>
  on(db)
    .selectFrom('collected_files')
    .selectAll()
    .where('hour', '<', hour)
    .where('expired_at', 'is', null)
    .orderBy('workspace')
    .orderBy('endpoint')
    .orderBy('path')
    .limit(limit)
    .execute()

/** Files that expired since a time, of any workspace: the removal of some may have failed. */
export const filesExpiredSince = (db: Database, time: string): Promise<{ workspace: string; path: string }[]> =>
  on(db).selectFrom('collected_files').select(['workspace', 'path']).where('expired_at', '>=', time).execute()

export async function convertedAmong(db: Database, captures: readonly string[]): Promise<Set<string>> {
  if (captures.length === 0) return new Set()
  const rows = await on(db)
    .selectFrom('converted_captures')
    .select('capture')
    .where('capture', 'in', captures)
    .execute()
  return new Set(rows.map(row => row.capture))
}

/** What the newest feedback of an endpoint said, by its digest. */
export async function lastFeedback(
  db: Database,
  workspace: string,
  endpoint: string,
): Promise<CollectedFileRow | undefined> {
  return on(db)
    .selectFrom('collected_files')
    .selectAll()
    .where('workspace', '=', workspace)
    .where('endpoint', '=', endpoint)
    .where('collection', '=', 'feedback')
    .orderBy('created_at', 'desc')
    .limit(1)
    .executeTakeFirst()
}
