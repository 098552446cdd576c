import type { Tx } from '../../kernel/db/index.ts'
import type { EnvironmentTables } from './tables.ts'

type BuildRow = EnvironmentTables['environment_builds']

const on = (tx: Tx) => tx.db.withTables<EnvironmentTables>()

/** Keeps a lock; the first one of a definition, interpreter and platform stays. */
export async function insertLock(
  tx: Tx,
  row: Omit<EnvironmentTables['environment_locks'], 'created_at'>,
): Promise<void> {
  await on(tx)
    .insertInto('environment_locks')
    .values({ ...row, created_at: tx.now.toISOString() })
    .onConflict(conflict => conflict.doNothing())
    .execute()
}

/** Begins a build's record anew. */
export async function startBuild(tx: Tx, definitionDigest: string, state: BuildRow['state']): Promise<void> {
  const fresh = {
    state,
    lock_digest: null,
    python: null,
    packages: null,
    deviations: '[]',
    error: null,
    started_at: tx.now.toISOString(),
    finished_at: null,
  }
  await on(tx)
    .insertInto('environment_builds')
    .values({ definition_digest: definitionDigest, ...fresh })
    .onConflict(conflict => conflict.column('definition_digest').doUpdateSet(fresh))
    .execute()
}

export async function changeBuild(
  tx: Tx,
  definitionDigest: string,
  change: Partial<Omit<BuildRow, 'definition_digest'>>,
): Promise<void> {
  await on(tx).updateTable('environment_builds').set(change).where('definition_digest', '=', definitionDigest).execute()
}
