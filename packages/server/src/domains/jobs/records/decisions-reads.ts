import type { Database } from '../../../kernel/db/index.ts'
import type { DecisionRow, JobTables } from '../model/tables.ts'

const on = (db: Database) => db.reads.withTables<JobTables>()

/** How far back the earlier runs of a step are looked at. */
const LOOK_BACK = 30

/** How a step was decided, with the parts of its key. */
export interface Decided extends DecisionRow {
  parts: string
  status: string
}

const decided = (db: Database, workspace: string) =>
  on(db)
    .selectFrom('reuse_decisions')
    .innerJoin('reuse_keys', join =>
      join
        .onRef('reuse_keys.workspace', '=', 'reuse_decisions.workspace')
        .onRef('reuse_keys.key', '=', 'reuse_decisions.key'),
    )
    .innerJoin('jobs', join =>
      join.onRef('jobs.workspace', '=', 'reuse_decisions.workspace').onRef('jobs.name', '=', 'reuse_decisions.job'),
    )
    .selectAll('reuse_decisions')
    .select(['reuse_keys.parts', 'jobs.status'])
    .where('reuse_decisions.workspace', '=', workspace)

/** The decisions of several jobs, by job. */
export async function findDecisions(
  db: Database,
  workspace: string,
  jobs: readonly string[],
): Promise<Map<string, Decided>> {
  const found = new Map<string, Decided>()
  for (let i = 0; i < jobs.length; i += 500) {
    const rows = await decided(db, workspace)
      .where('reuse_decisions.job', 'in', jobs.slice(i, i + 500))
      .execute()
    for (const row of rows) found.set(row.job, row)
  }
  return found
}

/** Earlier completed runs of the same step, newest first: of the same component, or at the same place in the same experiment. */
export async function earlierRuns(db: Database, of: DecisionRow): Promise<Decided[]> {
  const earlier = () =>
    decided(db, of.workspace)
      .where('reuse_decisions.seq', '<', of.seq)
      .where('jobs.status', '=', 'Completed')
      .orderBy('reuse_decisions.seq', 'desc')
      .limit(LOOK_BACK)
  const { component } = of
  const [byPlace, byComponent] = await Promise.all([
    earlier()
      .where('reuse_decisions.experiment_id', '=', of.experiment_id)
      .where('reuse_decisions.path', '=', of.path)
      .execute(),
    component === null ? [] : earlier().where('reuse_decisions.component', '=', component).execute(),
  ])
  const seen = new Set(byPlace.map(run => run.job))
  return [...byPlace, ...byComponent.filter(run => !seen.has(run.job))].sort((a, b) => Number(b.seq) - Number(a.seq))
}
