import type { Database } from '../../../kernel/db/index.ts'
import type { JobTables } from '../model/tables.ts'

const on = (db: Database) => db.reads.withTables<JobTables>()

export type ReproductionRow = JobTables['reproductions']

export const findReproduction = (db: Database, workspace: string, job: string): Promise<ReproductionRow | undefined> =>
  on(db)
    .selectFrom('reproductions')
    .selectAll()
    .where('workspace', '=', workspace)
    .where('job', '=', job)
    .executeTakeFirst()

/** Those of some jobs that are not judged yet. */
export const pendingReproductions = (
  db: Database,
  workspace: string,
  jobs: readonly string[],
): Promise<ReproductionRow[]> =>
  on(db)
    .selectFrom('reproductions')
    .selectAll()
    .where('workspace', '=', workspace)
    .where('job', 'in', jobs)
    .where('verdict', 'is', null)
    .execute()

/** The reproductions of a job, newest first. */
export const reproductionsOf = (
  db: Database,
  workspace: string,
  original: string,
): Promise<Pick<ReproductionRow, 'job' | 'verdict'>[]> =>
  on(db)
    .selectFrom('reproductions')
    .select(['job', 'verdict'])
    .where('workspace', '=', workspace)
    .where('original', '=', original)
    .orderBy('created_at', 'desc')
    .limit(20)
    .execute()
