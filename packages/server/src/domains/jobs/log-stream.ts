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

/** The log of a job from a byte offset, its attempts one after the other; waits up to `seconds` for more while the job goes on. */
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
    const { bytes, size } = await readAttempts(needs, row, offset)
    const nextOffset = offset + bytes.length
    const complete = isEnded(row) && nextOffset >= size
    if (bytes.length > 0 || complete || Date.now() >= deadline || signal.aborted) return { bytes, nextOffset, complete }
    await untilEvent(needs.db, deadline - Date.now(), signal, POLL_MS)
  }
}

/** The bytes of all attempts from an offset, one after the other, and the size of all of them. */
async function readAttempts(
  { compute, dataDir }: Pick<JobNeeds, 'compute' | 'dataDir'>,
  row: JobRow,
  offset: number,
): Promise<{ bytes: Buffer; size: number }> {
  const parts: Buffer[] = []
  let [size, room] = [0, MAX_CHUNK]
  for (let attempt = 1; attempt <= row.attempts; attempt++) {
    const part = await compute.driver.readLog(folderOf(dataDir, row, attempt), offset - size, room)
    size += part.size
    room -= part.bytes.length
    // an attempt that is over has no more; of one that goes on the rest comes with the next question
    parts.push(part.bytes)
  }
  return { bytes: parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts), size }
}
