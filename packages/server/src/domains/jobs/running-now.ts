import type { JobResource } from '@hagane/contract'
import { folderOf } from './flow/step-work.ts'
import { miniBatchesOf } from './mini-batches.ts'
import type { JobNeeds } from './model/needs.ts'
import { STEP_TASK } from './model/step-task.ts'
import type { JobRow } from './model/tables.ts'

/** What is told of a job that is shown by itself: of a step that runs, and how many mini-batches it has done. */
export const stateNow = async (needs: JobNeeds, row: JobRow) => ({
  ...(await runningNow(needs, row)),
  ...(await miniBatchesOf(needs, row)),
})

/** When a step that is carried gave its last sign of life, and what it has used so far; nothing of one that is not carried. */
async function runningNow(
  { compute, dataDir, serverId, tasks }: JobNeeds,
  row: JobRow,
): Promise<Pick<JobResource, 'usage' | 'heartbeat_time'>> {
  if (row.type !== 'command' || !['Preparing', 'Starting', 'Running', 'Finalizing'].includes(row.status)) return {}
  const subject = `job/${row.name}`
  const beat = (await tasks.heartbeats(STEP_TASK, [subject])).get(subject)
  const runsHere = row.status === 'Running' && row.server === serverId
  const usage = runsHere ? compute.driver.usageOf(folderOf(dataDir, row, row.attempts)) : {}
  return {
    ...(beat === undefined ? {} : { heartbeat_time: beat.time.toISOString() }),
    ...(Object.keys(usage).length === 0 ? {} : { usage }),
  }
}
