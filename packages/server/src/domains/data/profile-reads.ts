import type { DataProfile } from '@hagane/contract'
import type { Database } from '../../kernel/db/index.ts'
import type { DataTables } from './tables.ts'

/** The profile of a version as far as it is known. */
export async function findProfile(
  db: Database,
  workspace: string,
  name: string,
  version: string,
): Promise<DataProfile | undefined> {
  const row = await db.reads
    .withTables<DataTables>()
    .selectFrom('data_profiles')
    .selectAll()
    .where('workspace', '=', workspace)
    .where('name', '=', name)
    .where('version', '=', version)
    .executeTakeFirst()
  if (row === undefined) return undefined
  return {
    status: row.status,
    ...(row.profile === null ? {} : { profile: JSON.parse(row.profile) }),
    ...(row.computed_at === null ? {} : { computed_at: row.computed_at }),
    ...(row.error === null ? {} : { error: row.error }),
  }
}
