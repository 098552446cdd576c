import type { Database } from '../../kernel/db/index.ts'
import type { EnvironmentTables } from './tables.ts'

export type LockRow = EnvironmentTables['environment_locks']
export type BuildRow = EnvironmentTables['environment_builds']

const on = (db: Database) => db.reads.withTables<EnvironmentTables>()

/** The lock of a definition for one interpreter version and platform. */
export async function findLock(
  db: Database,
  definitionDigest: string,
  python: string,
  platform: string,
): Promise<LockRow | undefined> {
  return on(db)
    .selectFrom('environment_locks')
    .selectAll()
    .where('definition_digest', '=', definitionDigest)
    .where('python', '=', python)
    .where('platform', '=', platform)
    .executeTakeFirst()
}

/** The last builds of several definitions, by definition digest. */
export async function findBuilds(db: Database, definitionDigests: readonly string[]): Promise<Map<string, BuildRow>> {
  if (definitionDigests.length === 0) return new Map()
  const rows = await on(db)
    .selectFrom('environment_builds')
    .selectAll()
    .where('definition_digest', 'in', [...definitionDigests])
    .execute()
  return new Map(rows.map(row => [row.definition_digest, row]))
}
