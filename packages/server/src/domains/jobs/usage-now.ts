import type { JobResource } from '@hagane/contract'
import { folderOf } from './flow/step-work.ts'
import type { JobNeeds } from './model/needs.ts'
import type { JobRow } from './model/tables.ts'

/** What a running step has used so far; nothing of one that does not run. */
export function usageNow({ compute, dataDir }: JobNeeds, row: JobRow): Pick<JobResource, 'usage'> {
  if (row.type !== 'command' || row.attempts === 0 || row.usage !== null || row.status !== 'Running') return {}
  const usage = compute.driver.usageOf(folderOf(dataDir, row, row.attempts))
  return Object.keys(usage).length === 0 ? {} : { usage }
}
