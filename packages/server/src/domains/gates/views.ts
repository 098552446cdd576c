import type { GateResource, GateRunResource, Page } from '@hagane/contract'
import type { Database } from '../../kernel/db/index.ts'
import { numberCursor, pageFrom, textCursor } from '../../kernel/http/index.ts'
import { findGate, findRun, listGates, listRuns } from './reads.ts'
import { toGate, toRun } from './resource.ts'
import { noGate, noRun } from './service.ts'

interface Asked {
  limit: number
  cursor?: string | undefined
}

/** Throws not_found. */
export async function showGate(db: Database, workspace: string, name: string): Promise<GateResource> {
  const row = await findGate(db, workspace, name)
  if (row === undefined) throw noGate(workspace, name)
  return toGate(row)
}

/** Throws not_found. */
export async function showRun(db: Database, workspace: string, name: string): Promise<GateRunResource> {
  const row = await findRun(db, workspace, name)
  if (row === undefined) throw noRun(workspace, name)
  return toRun(row)
}

/** By name. */
export async function pageOfGates(
  db: Database,
  workspace: string,
  { limit, cursor }: Asked,
): Promise<Page<GateResource>> {
  return pageFrom(await listGates(db, workspace, limit + 1, textCursor(cursor)), limit, toGate, row => [row.name])
}

/** Newest first. */
export async function pageOfRuns(
  db: Database,
  workspace: string,
  { limit, cursor, gate }: Asked & { gate?: string | undefined },
): Promise<Page<GateRunResource>> {
  const rows = await listRuns(db, workspace, { limit: limit + 1, before: numberCursor(cursor), gate })
  return pageFrom(rows, limit, toRun, row => [row.seq])
}
