import { type JobStatus, type StepProgress, terminalStatuses } from '@hagane/contract'
import type { Database } from '../../kernel/db/index.ts'
import type { JobRow } from './model/tables.ts'
import { retryText, triesOf } from './model/tries.ts'
import { getJob, type ProgressRow, progressBelow } from './records/reads.ts'
import { untilEvent } from './until-event.ts'

export interface Progress {
  type: JobRow['type']
  status: JobStatus
  version: number
  steps: StepProgress[]
}

/** How a job and all below it stand; waits up to `seconds` for something that `since` does not know. */
export async function readProgress(
  db: Database,
  workspace: string,
  name: string,
  since: number | undefined,
  seconds: number,
  signal: AbortSignal,
): Promise<Progress> {
  const deadline = Date.now() + seconds * 1000
  for (;;) {
    const progress = await progressOf(db, workspace, name)
    const left = deadline - Date.now()
    if (progress.version !== since || terminalStatuses.includes(progress.status) || left <= 0 || signal.aborted)
      return progress
    await untilEvent(db, left, signal)
  }
}

async function progressOf(db: Database, workspace: string, name: string): Promise<Progress> {
  const job = await getJob(db, workspace, name)
  const below = new Map<string, ProgressRow[]>()
  let version = job.revision
  for (let parents = job.type === 'command' ? [] : [name]; parents.length > 0; ) {
    const rows = await progressBelow(db, workspace, parents)
    for (const row of rows) {
      version += row.revision
      addTo(below, row)
    }
    parents = rows.filter(row => row.type !== 'command').map(row => row.name)
  }
  return { type: job.type, status: job.status, version, steps: stepsBelow(below, name, '', db.clock.now().getTime()) }
}

function addTo(below: Map<string, ProgressRow[]>, row: ProgressRow): void {
  const siblings = below.get(row.parent ?? '')
  if (siblings === undefined) below.set(row.parent ?? '', [row])
  else siblings.push(row)
}

function stepsBelow(
  below: ReadonlyMap<string, ProgressRow[]>,
  name: string,
  prefix: string,
  now: number,
): StepProgress[] {
  return (below.get(name) ?? []).flatMap(row => {
    const label = prefix + (row.step ?? row.display_name)
    return [asStep(row, label, now), ...stepsBelow(below, row.name, `${label}/`, now)]
  })
}

const asStep = (row: ProgressRow, label: string, now: number): StepProgress => ({
  name: row.name,
  ...(row.parent === null ? {} : { parent_job_name: row.parent }),
  label,
  type: row.type,
  status: row.status,
  ...(row.reused_from === null ? {} : { reused_from: row.reused_from }),
  ...(row.status === 'Queued' && row.tries !== null ? { retry: retryText(triesOf(row), now) } : {}),
  ...(row.start_time === null ? {} : { start_time: row.start_time }),
  ...(row.end_time === null ? {} : { end_time: row.end_time }),
})
