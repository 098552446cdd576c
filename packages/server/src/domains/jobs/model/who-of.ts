import type { Who } from '../../../kernel/db/index.ts'
import type { JobRow } from './tables.ts'

/** The property of a job that says which chain of automatic steps it belongs to. */
export const CORRELATION = 'hagane.correlation_id'

type Submitted = Pick<JobRow, 'workspace' | 'created_by' | 'properties'>

/** On whose behalf a job goes on: who submitted it, in the same chain of steps. */
export const whoOf = (row: Submitted): Who => {
  const correlation = correlationOf(row)
  const who = { workspace: row.workspace, actor: row.created_by }
  return correlation === undefined ? who : { ...who, correlation }
}

/** The chain of automatic steps that a job belongs to. */
export function correlationOf({ properties }: Pick<JobRow, 'properties'>): string | undefined {
  if (!properties.includes(CORRELATION)) return undefined
  const value = (JSON.parse(properties) as Record<string, unknown>)[CORRELATION]
  return typeof value === 'string' && value !== '' ? value : undefined
}
