import { HaganeError, type JobStatus } from '@hagane/contract'
import { sql } from 'kysely'
import type { Database } from '../../../kernel/db/index.ts'
import type { JobRow, JobTables } from '../model/tables.ts'

const on = (db: Database) => db.reads.withTables<JobTables>()

export const findJob = (db: Database, workspace: string, name: string): Promise<JobRow | undefined> =>
  on(db).selectFrom('jobs').selectAll().where('workspace', '=', workspace).where('name', '=', name).executeTakeFirst()

export async function getJob(db: Database, workspace: string, name: string): Promise<JobRow> {
  const row = await findJob(db, workspace, name)
  if (row === undefined)
    throw new HaganeError('not_found', `no job '${name}' in workspace ${workspace}`, {
      hint: '`hagane job list` shows what there is',
    })
  return row
}

export interface JobFilter {
  limit: number
  before?: number | undefined
  parent?: string | undefined
  status?: string | undefined
  experiment?: string | undefined
  commit?: string | undefined
  schedule?: string | undefined
  includeArchived: boolean
  includeSpec: boolean
}

const ofAll = ['workspace', 'name', 'type', 'status', 'display_name', 'experiment_name', 'experiment_id'] as const
const ofTheJob = ['description', 'tags', 'properties', 'parent', 'root', 'step', 'seq', 'compute', 'plan'] as const
const ofItsEnd = ['outputs', 'git', 'commit_id', 'reuse_key', 'reused_from', 'error', 'usage', 'tries'] as const
const ofItsState = ['schedule', 'server', 'attempts', 'archived', 'revision'] as const
const ofItsTimes = ['created_at', 'created_by', 'modified_at', 'modified_by', 'start_time', 'end_time'] as const

/** A job in a list: its specification, which may be long, is read only when it is asked for. */
export type ListedJob = Omit<JobRow, 'spec'> & { spec?: string }

/** Newest first. Without a parent only submitted jobs, not their steps. */
export function listJobs(db: Database, workspace: string, filter: JobFilter): Promise<ListedJob[]> {
  let query = on(db)
    .selectFrom('jobs')
    .select([...ofAll, ...ofTheJob, ...ofItsEnd, ...ofItsTimes, ...ofItsState])
    .$if(filter.includeSpec, some => some.select('spec'))
    .where('workspace', '=', workspace)
  query = filter.parent === undefined ? query.where('parent', 'is', null) : query.where('parent', '=', filter.parent)
  if (filter.before !== undefined) query = query.where('seq', '<', filter.before)
  if (filter.status !== undefined) query = query.where('status', '=', filter.status as JobStatus)
  if (filter.experiment !== undefined) query = query.where('experiment_name', '=', filter.experiment)
  if (filter.commit !== undefined) query = query.where('commit_id', 'like', `${filter.commit.replace(/[%_]/g, '')}%`)
  if (filter.schedule !== undefined) query = query.where('schedule', '=', filter.schedule)
  if (!filter.includeArchived) query = query.where('archived', '=', 0)
  return query.orderBy('seq', 'desc').limit(filter.limit).execute()
}

export const childOf = (db: Database, workspace: string, parent: string, step: string): Promise<JobRow | undefined> =>
  on(db)
    .selectFrom('jobs')
    .selectAll()
    .where('workspace', '=', workspace)
    .where('parent', '=', parent)
    .where('step', '=', step)
    .executeTakeFirst()

/** Everything below a job, however deep, in the order of creation. */
export async function rowsBelow(db: Database, workspace: string, name: string): Promise<JobRow[]> {
  const rows: JobRow[] = []
  for (let parents = [name]; parents.length > 0; ) {
    const children: JobRow[] = []
    for (let i = 0; i < parents.length; i += 500)
      children.push(
        ...(await on(db)
          .selectFrom('jobs')
          .selectAll()
          .where('workspace', '=', workspace)
          .where('parent', 'in', parents.slice(i, i + 500))
          .orderBy('seq')
          .execute()),
      )
    rows.push(...children)
    parents = children.filter(child => child.type !== 'command').map(child => child.name)
  }
  return rows
}

/** What is shown of many jobs at once: without their plans, which are large. */
export type JobBrief = Pick<JobRow, 'name' | 'type' | 'status' | 'step' | 'reused_from'>

/** The steps of a pipeline or the trials of a sweep, in the order of their creation. */
export const childrenOf = (db: Database, workspace: string, parent: string): Promise<JobBrief[]> =>
  on(db)
    .selectFrom('jobs')
    .select(['name', 'type', 'status', 'step', 'reused_from'])
    .where('workspace', '=', workspace)
    .where('parent', '=', parent)
    .orderBy('seq')
    .execute()

/** A job whose results are kept, and since when. */
export type KeptResult = JobRow & { kept_at: string }

/** The completed job whose results stand for a reuse key, and since when they are kept. */
export async function resultFor(db: Database, workspace: string, key: string): Promise<KeptResult | undefined> {
  return on(db)
    .selectFrom('step_results')
    .innerJoin('jobs', join =>
      join.onRef('jobs.workspace', '=', 'step_results.workspace').onRef('jobs.name', '=', 'step_results.job'),
    )
    .selectAll('jobs')
    .select('step_results.created_at as kept_at')
    .where('step_results.workspace', '=', workspace)
    .where('step_results.key', '=', key)
    .where('jobs.status', '=', 'Completed')
    .executeTakeFirst()
}

export type ProgressRow = Pick<
  JobRow,
  | 'name'
  | 'parent'
  | 'step'
  | 'display_name'
  | 'type'
  | 'status'
  | 'reused_from'
  | 'tries'
  | 'start_time'
  | 'end_time'
  | 'revision'
>

/** The jobs right below some, in the order of their creation. */
export const progressBelow = (db: Database, workspace: string, parents: readonly string[]): Promise<ProgressRow[]> =>
  on(db)
    .selectFrom('jobs')
    .select(['name', 'parent', 'step', 'display_name', 'type', 'status', 'reused_from', 'tries'])
    .select(['start_time', 'end_time', 'revision'])
    .where('workspace', '=', workspace)
    .where('parent', 'in', parents)
    .orderBy('seq')
    .execute()

export async function countJobs(db: Database, workspace: string): Promise<Record<string, number>> {
  const rows = await on(db)
    .selectFrom('jobs')
    .select(['status', sql<number>`count(*)`.as('n')])
    .where('workspace', '=', workspace)
    .where('parent', 'is', null)
    .groupBy('status')
    .orderBy('status')
    .execute()
  return Object.fromEntries(rows.map(row => [row.status, Number(row.n)]))
}

/** Jobs by name, those that are still there. */
export const jobsNamed = async (db: Database, workspace: string, names: readonly string[]): Promise<JobRow[]> =>
  names.length === 0
    ? []
    : on(db).selectFrom('jobs').selectAll().where('workspace', '=', workspace).where('name', 'in', names).execute()
