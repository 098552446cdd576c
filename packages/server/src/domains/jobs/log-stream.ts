import { folderOf } from './flow/step-work.ts'
import type { JobNeeds } from './model/needs.ts'
import type { JobRow } from './model/tables.ts'
import { getJob } from './records/reads.ts'
import { untilEvent } from './until-event.ts'

const POLL_MS = 100
const MAX_CHUNK = 1 << 20

export interface LogPart {
  bytes: Buffer
  nextOffset: number
  /** The job has ended and everything was read. */
  complete: boolean
}

const isEnded = (row: JobRow): boolean => ['Completed', 'Failed', 'Canceled'].includes(row.status)

/** The log of a job's latest attempt from a byte offset; waits up to `seconds` for more while the job goes on. */
export async function readJobLog(
  needs: Pick<JobNeeds, 'db' | 'compute' | 'dataDir'>,
  workspace: string,
  name: string,
  offset: number,
  seconds: number,
  signal: AbortSignal,
): Promise<LogPart> {
  const deadline = Date.now() + seconds * 1000
  for (;;) {
    const row = await getJob(needs.db, workspace, name)
    const { bytes, size } =
      row.attempts === 0
        ? { bytes: Buffer.alloc(0), size: 0 }
        : await needs.compute.driver.readLog(folderOf(needs.dataDir, row, row.attempts), offset, MAX_CHUNK)
    const nextOffset = offset + bytes.length
    const complete = isEnded(row) && nextOffset >= size
    if (bytes.length > 0 || complete || Date.now() >= deadline || signal.aborted) return { bytes, nextOffset, complete }
    await untilEvent(needs.db, deadline - Date.now(), signal, POLL_MS)
  }
}
