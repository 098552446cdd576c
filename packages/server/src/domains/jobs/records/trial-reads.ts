import type { Database } from '../../../kernel/db/index.ts'
import type { JobRow, JobTables, TrialRow } from '../model/tables.ts'

/** A trial as its sweep sees it. */
export type Trial = Pick<TrialRow, 'number' | 'job' | 'point' | 'value' | 'intervals' | 'judged' | 'stopped'> &
  Pick<JobRow, 'status'>

/** The trials of a sweep in the order of their creation. */
export function trialsOf(db: Database, workspace: string, sweep: string): Promise<Trial[]> {
  return db.reads
    .withTables<JobTables>()
    .selectFrom('sweep_trials as t')
    .innerJoin('jobs as j', join => join.onRef('j.workspace', '=', 't.workspace').onRef('j.name', '=', 't.job'))
    .select(['t.number', 't.job', 't.point', 't.value', 't.intervals', 't.judged', 't.stopped', 'j.status'])
    .where('t.workspace', '=', workspace)
    .where('t.sweep', '=', sweep)
    .orderBy('t.number')
    .execute()
}
