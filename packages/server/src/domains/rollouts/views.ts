import type { Page, RolloutMeasurement, RolloutPhase, RolloutResource } from '@hagane/contract'
import type { Database } from '../../kernel/db/index.ts'
import { numberCursor, pageFrom } from '../../kernel/http/index.ts'
import { findRollout, listMeasurements, listRollouts } from './reads.ts'
import { toMeasurement, toResource } from './resource.ts'
import { missing } from './service.ts'

interface Asked {
  limit: number
  cursor?: string | undefined
}

const get = async (db: Database, workspace: string, name: string) =>
  (await findRollout(db, workspace, name)) ?? Promise.reject(missing(workspace, name))

/** Throws not_found. */
export const showRollout = async (db: Database, workspace: string, name: string): Promise<RolloutResource> =>
  toResource(await get(db, workspace, name))

/** Newest first. */
export async function pageOfRollouts(
  db: Database,
  workspace: string,
  { limit, cursor, ...filter }: Asked & { endpoint?: string | undefined; phase?: RolloutPhase | undefined },
): Promise<Page<RolloutResource>> {
  const rows = await listRollouts(db, workspace, { ...filter, limit: limit + 1, before: numberCursor(cursor) })
  return pageFrom(rows, limit, toResource, row => [row.seq])
}

/** Newest first. Throws not_found. */
export async function pageOfMeasurements(
  db: Database,
  workspace: string,
  name: string,
  { limit, cursor }: Asked,
): Promise<Page<RolloutMeasurement>> {
  const { id } = await get(db, workspace, name)
  const rows = await listMeasurements(db, id, limit + 1, numberCursor(cursor))
  return pageFrom(rows, limit, toMeasurement, row => [row.seq])
}
