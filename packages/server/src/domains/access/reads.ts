import type { Database } from '../../kernel/db/index.ts'
import type { TokenRow } from './store.ts'
import type { AccessTables } from './tables.ts'

const on = (db: Database) => db.reads.withTables<AccessTables>().selectFrom('tokens').selectAll()

export const tokenByHash = (db: Database, hash: string): Promise<TokenRow | undefined> =>
  on(db).where('hash', '=', hash).executeTakeFirst()

/** Tokens of people and programs, of one workspace if it is given, newest first; those of jobs and the gateway are the server's own. */
export const listTokens = (
  db: Database,
  limit: number,
  before: string | undefined,
  workspace: string | undefined,
): Promise<TokenRow[]> => {
  const all = on(db).where('actor', 'like', 'user:%')
  const people = workspace === undefined ? all : all.where('workspace', '=', workspace)
  return (before === undefined ? people : people.where('id', '<', before)).orderBy('id', 'desc').limit(limit).execute()
}

/** Whether a token of a person is good now. */
export async function hasPersonToken(db: Database): Promise<boolean> {
  const now = db.clock.now().toISOString()
  const live = on(db)
    .where('actor', 'like', 'user:%')
    .where('revoked', '=', 0)
    .where(({ or, eb }) => or([eb('expires_at', 'is', null), eb('expires_at', '>', now)]))
  return (await live.limit(1).executeTakeFirst()) !== undefined
}

/** Live tokens of people, by hash: those of a workspace, and those of the whole server. */
export const liveTokensIn = (db: Database, workspace: string): Promise<TokenRow[]> =>
  on(db)
    .where('actor', 'like', 'user:%')
    .where('revoked', '=', 0)
    .where(({ or, eb }) => or([eb('workspace', 'is', null), eb('workspace', '=', workspace)]))
    .where(({ or, eb }) => or([eb('expires_at', 'is', null), eb('expires_at', '>', db.clock.now().toISOString())]))
    .orderBy('id')
    .execute()
