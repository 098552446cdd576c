import { lockUntilCommit, type Tx } from '../../kernel/db/index.ts'
import { created, modified } from '../../kernel/stamps.ts'
import type { GateRow, GateRunRow, GateTables } from './tables.ts'

const on = (tx: Tx) => tx.db.withTables<GateTables>()

/** The row as it is now, nobody else changing it. */
export async function gateForUpdate(tx: Tx, name: string): Promise<GateRow | undefined> {
  await lockUntilCommit(tx, `gates/${tx.who.workspace}/${name}`)
  return on(tx)
    .selectFrom('gates')
    .selectAll()
    .where('workspace', '=', tx.who.workspace)
    .where('name', '=', name)
    .executeTakeFirst()
}

export async function insertGate(tx: Tx, name: string, spec: string): Promise<void> {
  await on(tx)
    .insertInto('gates')
    .values({ name, spec, workspace: tx.who.workspace, ...created(tx) })
    .execute()
}

export async function changeGate(tx: Tx, row: GateRow, spec: string): Promise<void> {
  await on(tx)
    .updateTable('gates')
    .set({ spec, ...modified(tx, row) })
    .where('workspace', '=', row.workspace)
    .where('name', '=', row.name)
    .execute()
}

export async function deleteGate(tx: Tx, name: string): Promise<void> {
  await on(tx).deleteFrom('gates').where('workspace', '=', tx.who.workspace).where('name', '=', name).execute()
}

/** The row as it is now, nobody else ending it. */
export async function runForUpdate(tx: Tx, name: string): Promise<GateRunRow | undefined> {
  await lockUntilCommit(tx, `gate-runs/${tx.who.workspace}/${name}`)
  return on(tx)
    .selectFrom('gate_runs')
    .selectAll()
    .where('workspace', '=', tx.who.workspace)
    .where('name', '=', name)
    .executeTakeFirst()
}

type Given = Pick<GateRunRow, 'name' | 'gate' | 'spec' | 'models' | 'idempotency'>

export async function insertRun(tx: Tx, given: Given): Promise<void> {
  await lockUntilCommit(tx, 'gate-runs')
  const newest = await on(tx)
    .selectFrom('gate_runs')
    .select(({ fn }) => fn.max('seq').as('seq'))
    .executeTakeFirst()
  const begun = { status: 'Running', result: null, message: null, checks: '[]' }
  await on(tx)
    .insertInto('gate_runs')
    .values({ ...given, ...begun, seq: Number(newest?.seq ?? 0) + 1, workspace: tx.who.workspace, ...created(tx) })
    .execute()
}

export async function endRun(
  tx: Tx,
  row: GateRunRow,
  end: Pick<GateRunRow, 'status' | 'result' | 'message' | 'checks'>,
): Promise<void> {
  await on(tx)
    .updateTable('gate_runs')
    .set({ ...end, ...modified(tx, row) })
    .where('workspace', '=', row.workspace)
    .where('name', '=', row.name)
    .execute()
}
