import type { Database } from './database.ts'

/** What an earlier request with the same key asked, and what it was answered; undefined when there was none. */
export function answerOf(
  db: Database,
  { workspace, actor, operation, key }: { workspace: string; actor: string; operation: string; key: string },
): Promise<{ request_hash: string; response: string | null } | undefined> {
  return db.writes
    .selectFrom('idempotency')
    .select(['request_hash', 'response'])
    .where('workspace', '=', workspace)
    .where('actor', '=', actor)
    .where('operation', '=', operation)
    .where('key', '=', key)
    .executeTakeFirst()
}
