import type { RunReason } from '@hagane/contract'
import type { Tx } from '../../../kernel/db/index.ts'
import type { DecisionRow, JobRow, JobTables } from '../model/tables.ts'
import { jobInTx } from './store.ts'

const on = (tx: Tx) => tx.db.withTables<JobTables>()
const AT_ONCE = 200

export interface Decision {
  key: string
  /** Canonical JSON, of which the key is the digest. */
  parts: string
  component: string | null
  /** Where the key does not say it: forced, expired … */
  reason?: RunReason | undefined
  /** The job whose results were taken, or would have been if they were not expired or gone. */
  earlier?: string | undefined
  /** Input → where its content came from. */
  sources: Record<string, string>
  /** The machine, of a step that runs. */
  host?: object | undefined
}

/** Keeps how steps were decided, in the transaction that acts on it. A later attempt replaces an earlier one. */
export async function keepDecisions(tx: Tx, entries: readonly { row: JobRow; decision: Decision }[]): Promise<void> {
  const keys = new Map(entries.map(({ decision }) => [decision.key, decision.parts]))
  const { workspace } = tx.who
  const parts = [...keys].map(([key, text]) => ({ workspace, key, parts: text }))
  const parents = new Map<string, Promise<string>>()
  const kept: DecisionRow[] = []
  for (const { row, decision } of entries) kept.push(decisionRow(tx, row, await pathOf(tx, row, parents), decision))
  for (let i = 0; i < parts.length; i += AT_ONCE)
    await on(tx)
      .insertInto('reuse_keys')
      .values(parts.slice(i, i + AT_ONCE))
      .onConflict(conflict => conflict.doNothing())
      .execute()
  for (let i = 0; i < kept.length; i += AT_ONCE)
    await on(tx)
      .insertInto('reuse_decisions')
      .values(kept.slice(i, i + AT_ONCE))
      .onConflict(conflict =>
        conflict.columns(['workspace', 'job']).doUpdateSet(({ ref }) => ({
          key: ref('excluded.key'),
          reason: ref('excluded.reason'),
          earlier: ref('excluded.earlier'),
          sources: ref('excluded.sources'),
          host: ref('excluded.host'),
          decided_at: ref('excluded.decided_at'),
        })),
      )
      .execute()
}

const decisionRow = (tx: Tx, row: JobRow, path: string, decision: Decision): DecisionRow => ({
  workspace: row.workspace,
  job: row.name,
  seq: row.seq,
  component: decision.component,
  experiment_id: row.experiment_id,
  path,
  key: decision.key,
  reason: decision.reason ?? null,
  earlier: decision.earlier ?? null,
  sources: JSON.stringify(decision.sources),
  host: decision.host === undefined ? null : JSON.stringify(decision.host),
  decided_at: tx.now.toISOString(),
})

/** Node keys from the submitted job down to this one. A row knows only its own; paths of parents are asked for once. */
async function pathOf(tx: Tx, row: JobRow, parents: Map<string, Promise<string>>): Promise<string> {
  if (row.parent === null) return ''
  const above = row.parent === row.root ? '' : await pathOfParent(tx, row.parent, parents)
  return [above, row.step ?? row.name].filter(part => part !== '').join('/')
}

function pathOfParent(tx: Tx, name: string, parents: Map<string, Promise<string>>): Promise<string> {
  const path = parents.get(name) ?? jobInTx(tx, name).then(row => (row === undefined ? '' : pathOf(tx, row, parents)))
  parents.set(name, path)
  return path
}
