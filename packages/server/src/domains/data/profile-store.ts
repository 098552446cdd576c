import type { TableProfile } from '@hagane/contract'
import type { Tx } from '../../kernel/db/index.ts'
import type { DataTables } from './tables.ts'

const on = (tx: Tx) => tx.db.withTables<DataTables>()

/** Notes that a profile is wanted; what there was is gone. */
export async function putPendingProfile(tx: Tx, name: string, version: string): Promise<void> {
  const fresh = {
    status: 'pending' as const,
    profile: null,
    error: null,
    asked_at: tx.now.toISOString(),
    computed_at: null,
  }
  await on(tx)
    .insertInto('data_profiles')
    .values({ workspace: tx.who.workspace, name, version, ...fresh })
    .onConflict(conflict => conflict.columns(['workspace', 'name', 'version']).doUpdateSet(fresh))
    .execute()
}

/** Writes the outcome: a profile, or why there is none. */
export async function settleProfile(
  tx: Tx,
  name: string,
  version: string,
  outcome: { profile: TableProfile } | { error: string },
): Promise<void> {
  const settled =
    'profile' in outcome
      ? { status: 'ready' as const, profile: JSON.stringify(outcome.profile), error: null }
      : { status: 'failed' as const, profile: null, error: outcome.error }
  await on(tx)
    .updateTable('data_profiles')
    .set({ ...settled, computed_at: tx.now.toISOString() })
    .where('workspace', '=', tx.who.workspace)
    .where('name', '=', name)
    .where('version', '=', version)
    .execute()
}
