import { type GitState, HaganeError } from '@hagane/contract'
import type { Tx, Who } from '../../../kernel/db/index.ts'
import { optional } from '../../../kernel/optional.ts'
import { created } from '../../../kernel/stamps.ts'
import type { JobNeeds } from '../model/needs.ts'
import type { PlannedJob, Submission } from '../model/plan.ts'
import { stepTask } from '../model/step-task.ts'
import type { JobRow } from '../model/tables.ts'
import { CORRELATION } from '../model/who-of.ts'
import { planJob } from '../planning/plan-job.ts'
import { priorityOf } from '../planning/plan-load.ts'
import { findJob, getJob } from '../records/reads.ts'
import { insertJobs, jobForUpdate, moveJob } from '../records/store.ts'
import { advanceParent, driveSweep } from './advance.ts'

/**
 * Plans a job, then stores it with all its steps, their runs and the events in one transaction, and queues what can start.
 * `inTx` runs first in that transaction; a throw there undoes all.
 */
export async function submitJob(
  needs: JobNeeds,
  who: Who,
  submission: Submission,
  inTx?: (tx: Tx) => Promise<void>,
): Promise<JobRow> {
  const { job } = submission
  if (job.name !== undefined && (await findJob(needs.db, who.workspace, job.name)) !== undefined)
    throw new HaganeError('conflict', `a job named ${job.name} already exists`, {
      hint: 'leave name out to get a new one, or choose another: a job never runs twice under one name',
    })
  const warnings: string[] = []
  const planned = await planJob({ needs, workspace: who.workspace, warn: message => warnings.push(message) }, job)
  const experiment = job.experiment_name ?? submission.default_experiment_name ?? 'Default'
  const named = job.name !== undefined
  return storeJob(needs, who, planned, { experiment, git: submission.git, warnings, named, inTx })
}

export interface StoreOptions {
  experiment: string
  git?: GitState | undefined
  warnings?: string[]
  /** What the event of the submitted job tells besides. */
  facts?: Record<string, unknown>
  /** The name was chosen by somebody, who is told when it is taken. */
  named?: boolean
  /** Runs first in the same transaction; a throw undoes all. */
  inTx?: ((tx: Tx) => Promise<void>) | undefined
}

/** Stores a planned job with all its steps, their runs and the events in one transaction, and queues what can start. */
export async function storeJob(
  needs: JobNeeds,
  who: Who,
  planned: PlannedJob,
  { experiment, git, warnings = [], facts = {}, named = false, inTx }: StoreOptions,
): Promise<JobRow> {
  const submission = { git }
  const store = needs.db.withTransaction(who, async tx => {
    await inTx?.(tx)
    const experimentId = await needs.tracking.ensureExperiment(tx, experiment)
    const rows = flatten(planned, { submission, experiment, experimentId, tx, warnings })
    await insertJobs(
      tx,
      rows.map(entry => entry.row),
    )
    await needs.tracking.createRuns(
      tx,
      rows.map(entry => runOf(tx, entry, submission)),
    )
    for (const [i, entry] of rows.entries()) recordSubmission(tx, entry, { git, facts: i === 0 ? facts : {} })
    await launch(needs, tx, planned)
  })
  await store.catch(error => Promise.reject(named ? taken(error, planned.name) : error))
  return getJob(needs.db, who.workspace, planned.name)
}

/** Runs have one name space for the whole server, so that a name may be taken by a run or in a workspace not seen here. */
function taken(error: unknown, name: string): unknown {
  // the database's refusal of a second row is the one conflict that has a cause
  if (!(error instanceof HaganeError) || error.kind !== 'conflict' || error.cause === undefined) return error
  return new HaganeError('conflict', `the name ${name} is taken by another job or run of this server`, {
    hint: 'leave name out to get a new one, or choose another',
    cause: error,
  })
}

interface Stored {
  row: Omit<JobRow, 'seq'>
  planned: PlannedJob
}
interface Surroundings {
  submission: Pick<Submission, 'git'>
  experiment: string
  experimentId: string
  tx: Tx
  warnings: string[]
}

function flatten(root: PlannedJob, around: Surroundings): Stored[] {
  const stored: Stored[] = []
  const visit = (planned: PlannedJob, parent: PlannedJob | undefined, above: number | undefined): void => {
    const priority = priorityOf(planned.spec) ?? above
    const plan =
      planned.plan.kind === 'command' && priority !== undefined ? { ...planned.plan, priority } : planned.plan
    stored.push({ planned, row: rowOf({ ...planned, plan }, parent, root, around) })
    for (const child of planned.children) visit(child, planned, priority)
  }
  visit(root, undefined, undefined)
  return stored
}

/** The row of a job that has not begun. */
export function rowOf(
  planned: PlannedJob,
  parent: Pick<PlannedJob, 'name'> | undefined,
  root: Pick<PlannedJob, 'name'>,
  { submission, experiment, experimentId, tx, warnings }: Surroundings,
): Omit<JobRow, 'seq'> {
  const properties = {
    ...planned.properties,
    ...(parent === undefined && warnings.length > 0 ? { 'hagane.warnings': warnings.join('\n') } : {}),
    ...optional(CORRELATION, tx.who.correlation),
  }
  return {
    workspace: tx.who.workspace,
    name: planned.name,
    type: planned.plan.kind,
    status: 'NotStarted',
    display_name: planned.displayName,
    experiment_name: experiment,
    experiment_id: experimentId,
    description: planned.description ?? null,
    tags: JSON.stringify(planned.tags),
    properties: JSON.stringify(properties),
    parent: parent?.name ?? null,
    root: root.name,
    step: planned.step ?? null,
    compute: planned.compute ?? null,
    spec: JSON.stringify(planned.spec),
    plan: JSON.stringify(planned.plan),
    outputs: '{}',
    git: submission.git === undefined ? null : JSON.stringify(submission.git),
    commit_id: submission.git?.commit ?? null,
    schedule: parent === undefined ? (planned.properties['hagane.schedule'] ?? null) : null,
    reuse_key: null,
    reused_from: null,
    error: null,
    usage: null,
    tries: null,
    server: null,
    attempts: 0,
    archived: 0,
    ...created(tx),
    start_time: null,
    end_time: null,
  }
}

/** The MLflow run of a job. */
export const runOf = (tx: Tx, { row, planned }: Stored, { git }: Pick<Submission, 'git'>) => ({
  runId: row.name,
  experimentId: row.experiment_id,
  name: row.display_name,
  ...(row.parent === null ? {} : { parentRunId: row.parent }),
  tags: {
    ...planned.tags,
    'mlflow.source.type': 'JOB',
    'mlflow.source.name': row.name,
    ...(git === undefined ? {} : { 'mlflow.source.git.commit': git.commit }),
  },
  params: planned.params,
  startTime: tx.now.getTime(),
  user: tx.who.actor,
  status: 'SCHEDULED' as const,
})

/** The event that lineage reads. */
export function recordSubmission(
  tx: Tx,
  { row, planned }: Stored,
  { git, facts = {} }: Pick<Submission, 'git'> & { facts?: Record<string, unknown> },
): void {
  const { plan } = planned
  tx.append({
    type: 'dev.hagane.job.submitted',
    subject: `job/${row.name}`,
    data: {
      name: row.name,
      type: row.type,
      experiment: row.experiment_name,
      ...(row.parent === null ? {} : { parent: row.parent, step: row.step }),
      inputs: plan.inputs,
      parameters: planned.params,
      ...(plan.kind === 'command'
        ? {
            command: plan.command,
            code: plan.code ?? null,
            environment: { id: plan.environmentId ?? null, definition: plan.environmentDigest },
            ...(plan.component === undefined ? {} : { component: plan.component }),
          }
        : {}),
      ...(git === undefined ? {} : { git }),
      ...facts,
    },
  })
}

async function launch(needs: JobNeeds, tx: Tx, planned: PlannedJob): Promise<void> {
  const row = await jobForUpdate(tx, planned.name)
  if (planned.plan.kind === 'command') {
    await moveJob(tx, row, 'queue')
    await needs.tasks.enqueue(tx, stepTask(row, needs.compute.queueOf(row.workspace, row.compute)))
    return
  }
  await moveJob(tx, row, 'run', { start_time: tx.now.toISOString() })
  await needs.tracking.setRunStatus(tx, row.name, 'RUNNING')
  if (row.type === 'sweep') return driveSweep(needs, tx, row)
  await advanceParent(needs, tx, row.name)
}
