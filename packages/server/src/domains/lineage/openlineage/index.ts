import type { OpenLineageEvent } from '@hagane/contract'
import type { Database } from '../../../kernel/db/index.ts'
import { type EventRow, eventsAfter, toRecord } from '../../../kernel/events/index.ts'
import { edgesOf } from '../reads.ts'
import { JOB_EVENTS, runEventOf } from './run-event.ts'

const isAsset = (node: string): boolean => node.startsWith('data:') || node.startsWith('model:')

/** The run event that an event of a job says, with what lineage knows of the job; undefined for other events. */
export async function toRunEvent(db: Database, row: EventRow): Promise<OpenLineageEvent | undefined> {
  const event = toRecord(row)
  if (!JOB_EVENTS.includes(row.type)) return undefined
  const { workspace, data, subject } = event
  const node = [`job:${data.name}`]
  const [submitted] = await eventsAfter(db, 0, 1, { workspace, subject, type: 'dev.hagane.job.submitted' })
  const read = (await edgesOf(db, workspace, node, 'up')).filter(({ relation }) => relation.startsWith('read as '))
  const made = (await edgesOf(db, workspace, node, 'down')).filter(({ relation }) => relation === 'was made by')
  return runEventOf(event, {
    submitted: submitted === undefined ? undefined : toRecord(submitted),
    read: [...new Set(read.map(({ to }) => to).filter(isAsset))],
    made: [...new Set(made.map(({ from }) => from).filter(isAsset))],
  })
}

/** Every run event of a workspace after an event of the chain, as lines. */
export async function* runEventLines(db: Database, workspace: string, after: number): AsyncGenerator<string> {
  for (let from = after; ; ) {
    const rows = await eventsAfter(db, from, 500, { workspace, type: 'dev.hagane.job.*' })
    for (const row of rows) {
      const event = await toRunEvent(db, row)
      if (event !== undefined) yield `${JSON.stringify(event)}\n`
    }
    const last = rows.at(-1)
    if (last === undefined || rows.length < 500) return
    from = last.seq
  }
}
