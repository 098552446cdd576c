import { availableParallelism, totalmem } from 'node:os'
import {
  HaganeError,
  type JobResource,
  type JobSpec,
  jobExportRoutes,
  jobReproductionRoutes,
  jobRoutes,
  jobWhyRoutes,
} from '@hagane/contract'
import { subtree } from '../../kernel/blobs/index.ts'
import type { Tx, Who } from '../../kernel/db/index.ts'
import type { EventLog } from '../../kernel/events/index.ts'
import { type BoundRoute, checkIfMatch, implement, numberCursor, pageFrom } from '../../kernel/http/index.ts'
import type { Task } from '../../kernel/tasks/index.ts'
import { advanceParent, cancelInTx } from './flow/advance.ts'
import { buildDriveSweeps } from './flow/drive-sweep.ts'
import { finishFailed } from './flow/end.ts'
import { buildRunSteps } from './flow/run-step.ts'
import { submitJob } from './flow/submit.ts'
import { readJobLog } from './log-stream.ts'
import { buildStepMeasures } from './model/measures.ts'
import { buildJobMemory } from './model/memory.ts'
import type { JobNeeds } from './model/needs.ts'
import { own } from './model/own-property.ts'
import type { StoredOutput, Submission, SweepPlan } from './model/plan.ts'
import { buildRunningSteps } from './model/running.ts'
import { ADVANCE_TASK, STEP_TASK, SWEEP_TASK } from './model/step-task.ts'
import { buildSweepSignals } from './model/sweep-signals.ts'
import { describePlan } from './planning/describe-plan.ts'
import { planJob } from './planning/plan-job.ts'
import { readProgress } from './progress.ts'
import { countJobs, getJob, jobsNamed, listJobs } from './records/reads.ts'
import { specOf } from './records/spec-of.ts'
import { changeJob, jobForUpdate, jobInTx } from './records/store.ts'
import { trialsOf } from './records/trial-reads.ts'
import { exportJob } from './reproduce/export.ts'
import { buildReproductions, type Reproductions } from './reproduce/reproductions.ts'
import { outputsResource, toResource } from './resource.ts'
import { stateNow } from './running-now.ts'
import { buildSuggestions } from './sweep/suggestions.ts'
import { sweepResource, trialResource } from './sweep/sweep-resource.ts'
import { whyWaiting } from './waiting.ts'
import { explainJob } from './why/explain.ts'

export type { Submission } from './model/plan.ts'

export interface Jobs {
  routes: BoundRoute[]
  /** Content of a job's output; throws not_found. */
  output(workspace: string, job: string, output: string, path: string): Promise<{ tree: string; path: string }>
  /** Submits a job; `inTx` runs first in the transaction that stores it, and a throw there undoes all. */
  submit(who: Who, submission: Submission, inTx: (tx: Tx) => Promise<void>): Promise<JobResource>
  /** Throws what a submission of this job would be refused with. */
  check(workspace: string, job: JobSpec): Promise<void>
  /** What a submitted job was made of, to be submitted again; throws not_found. */
  specOf(workspace: string, name: string): Promise<JobSpec>
  /** Jobs by name, those that are there. */
  named(workspace: string, names: readonly string[]): Promise<JobResource[]>
  /** Submitted jobs by status. */
  counts(workspace: string): Promise<Record<string, number>>
  /** Ends what was started beside the steps, which go on. */
  stop(): void
}

/** Sweeps that are driven at once; a driver mostly sleeps. */
const SWEEPS = 1000

/** What this machine offers: all its memory, and a core for each step that may run at the same time, or all it has. */
const machineOf = (steps: number) => ({
  cores: Math.max(availableParallelism(), steps),
  memoryMb: Math.floor(totalmem() / 2 ** 20),
})

type Given = Omit<JobNeeds, 'running' | 'measures' | 'sweeps' | 'memory'> & { events: EventLog }

/** Command, pipeline and sweep jobs: planned to digests, run as durable tasks, followed across restarts. */
export function buildJobs({ events, ...given }: Given): Jobs {
  const needs: JobNeeds = {
    ...given,
    running: buildRunningSteps(given.log),
    measures: buildStepMeasures(given),
    sweeps: buildSweepSignals(),
    memory: buildJobMemory(() => given.clock.now().getTime()),
  }
  const { db } = needs
  const steps = buildRunSteps(needs)
  const reproductions = buildReproductions(needs, events)
  needs.tasks.register(STEP_TASK, {
    concurrency: needs.concurrency,
    machine: machineOf(needs.concurrency),
    limits: needs.compute.limits,
    handle: steps.run,
    onGivenUp: givenUp(needs),
  })
  registerAdvance(needs)
  const suggestions = buildSuggestions()
  const sweeps = buildDriveSweeps({ ...needs, suggestions })
  needs.tracking.onMetrics(needs.sweeps.wakeByTrial)
  needs.tracking.onMetrics(needs.measures.noteKeys)
  needs.tasks.register(SWEEP_TASK, { concurrency: SWEEPS, handle: sweeps.drive, onGivenUp: sweeps.giveUp })
  const show = async (workspace: string, name: string) => {
    const row = await getJob(db, workspace, name)
    const waiting = (await whyWaiting(needs, [row])).get(name)
    const now = { ...toResource(row, needs.url(), waiting), ...(await stateNow(needs, row)) }
    const job = { ...now, ...(await reproductions.of(workspace, name)) }
    if (row.type !== 'sweep') return job
    return { ...job, sweep: sweepResource(JSON.parse(row.plan) as SweepPlan, await trialsOf(db, workspace, name)) }
  }
  return {
    check: checkWith(needs),
    submit: async (who, submission, inTx) => toResource(await submitJob(needs, who, submission, inTx), needs.url()),
    specOf: async (workspace, name) => specOf(await getJob(db, workspace, name)),
    named: async (workspace, names) => (await jobsNamed(db, workspace, names)).map(row => toResource(row, needs.url())),
    counts: workspace => countJobs(db, workspace),
    stop: suggestions.stop,
    async output(workspace, job, name, path) {
      const row = await getJob(db, workspace, job)
      const made = own(JSON.parse(row.outputs) as Record<string, StoredOutput>, name)
      if (made !== undefined) return { tree: made.tree, path: [made.path, path].filter(part => part !== '').join('/') }
      if (name === 'artifacts') return needs.tracking.artifactTree(workspace, job, path)
      throw new HaganeError('not_found', `job ${job} has no output '${name}'`, {
        hint: `its outputs: ${Object.keys(JSON.parse(row.outputs)).join(', ') || 'none'}`,
      })
    },
    routes: [
      ...recordRoutes(needs, reproductions),
      implement(jobRoutes.create, async call => toResource(await submitJob(needs, call, call.body), needs.url())),
      implement(jobRoutes.plan, async call => {
        const warnings: string[] = []
        const warn = (message: string) => void warnings.push(message)
        const planned = await planJob({ needs, workspace: call.workspace, warn }, call.body.job)
        return { job: await describePlan(needs, call.workspace, planned), warnings }
      }),
      implement(jobRoutes.validate, async call => {
        const warnings: string[] = []
        const warn = (message: string) => void warnings.push(message)
        await planJob({ needs, workspace: call.workspace, warn }, call.body.job)
        return { ok: true as const, warnings }
      }),
      implement(jobRoutes.list, async call => {
        const {
          limit,
          cursor,
          parent_job_name,
          status,
          experiment_name,
          commit,
          schedule,
          include_archived,
          include_spec,
        } = call.query
        const rows = await listJobs(db, call.workspace, {
          limit: limit + 1,
          before: numberCursor(cursor),
          parent: parent_job_name,
          status,
          experiment: experiment_name,
          commit,
          schedule,
          includeArchived: include_archived,
          includeSpec: include_spec,
        })
        const waiting = await whyWaiting(needs, rows)
        return pageFrom(
          rows,
          limit,
          row => toResource(row, needs.url(), waiting.get(row.name)),
          row => [row.seq],
        )
      }),
      implement(jobRoutes.show, async call => show(call.workspace, call.params.name)),
      implement(jobRoutes.update, async call => {
        const { name } = call.params
        await getJob(db, call.workspace, name)
        await db.withTransaction(call, async tx => {
          const row = await jobForUpdate(tx, name)
          checkIfMatch(call, String(row.revision))
          const { display_name, description, tags, archived } = call.body
          await changeJob(tx, row, {
            ...(display_name === undefined ? {} : { display_name }),
            ...(description === undefined ? {} : { description }),
            ...(tags === undefined ? {} : { tags: JSON.stringify(tags) }),
            ...(archived === undefined ? {} : { archived: archived ? 1 : 0 }),
          })
          const runTags = { ...tags, ...(display_name === undefined ? {} : { 'mlflow.runName': display_name }) }
          if (Object.keys(runTags).length > 0) await needs.tracking.setTags(tx, name, runTags)
          tx.append({ type: 'dev.hagane.job.updated', subject: `job/${name}`, data: { ...call.body } })
        })
        return show(call.workspace, name)
      }),
      implement(jobRoutes.cancel, async call => {
        const { name } = call.params
        await getJob(db, call.workspace, name)
        await db.withTransaction(call, async tx => {
          const row = await jobForUpdate(tx, name)
          if (['Completed', 'Failed', 'Canceled'].includes(row.status))
            throw new HaganeError('conflict', `job ${name} has already ended: it is ${row.status}`)
          await cancelInTx(needs, tx, row)
          if (row.parent !== null) await advanceParent(needs, tx, row.parent)
        })
        return show(call.workspace, name)
      }),
      implement(jobRoutes.progress, call =>
        readProgress(db, call.workspace, call.params.name, call.query.since, call.query.wait, call.signal),
      ),
      implement(jobRoutes.log, async call => {
        const part = await readJobLog(
          needs,
          call.workspace,
          call.params.name,
          call.query.offset,
          call.query.wait,
          call.signal,
        )
        return {
          bytes: part.bytes,
          headers: {
            'content-type': 'text/plain; charset=utf-8',
            'x-hagane-next-offset': String(part.nextOffset),
            'x-hagane-log-complete': String(part.complete),
          },
        }
      }),
      implement(jobRoutes.trials, async call => {
        const row = await getJob(db, call.workspace, call.params.name)
        if (row.type !== 'sweep')
          throw new HaganeError('invalid', `job ${row.name} is a ${row.type}, and only a sweep has trials`)
        const plan = JSON.parse(row.plan) as SweepPlan
        return { trials: (await trialsOf(db, call.workspace, row.name)).map(trial => trialResource(plan, trial)) }
      }),
      implement(jobRoutes.outputs, async call => {
        const row = await getJob(db, call.workspace, call.params.name)
        const artifacts = await needs.tracking.artifactTree(call.workspace, row.name, '').catch(() => undefined)
        const tree =
          artifacts === undefined
            ? undefined
            : artifacts.path === ''
              ? artifacts.tree
              : (await needs.blobs.putTree(subtree(await needs.blobs.getTree(artifacts.tree), artifacts.path))).digest
        return { outputs: outputsResource(row), ...(tree === undefined ? {} : { artifacts: tree }) }
      }),
    ],
  }
}

/** A step that this server could not carry to its end. */
const givenUp =
  (needs: JobNeeds) =>
  ({ workspace, actor, payload }: Task, error: unknown): Promise<void> =>
    finishFailed(needs, { workspace, actor }, String(payload.name), {
      message: `the server gave this step up: ${(error as Error).message}`,
    })

/** Plans a job and keeps nothing; throws what is wrong with it. */
const checkWith =
  (needs: JobNeeds) =>
  async (workspace: string, job: JobSpec): Promise<void> =>
    void (await planJob({ needs, workspace, warn: () => {} }, job))

/** Looks at a parent again in a transaction of its own. */
function registerAdvance(needs: JobNeeds): void {
  needs.tasks.register(ADVANCE_TASK, {
    concurrency: 1,
    handle: async task =>
      needs.db.withTransaction({ workspace: task.workspace, actor: task.actor }, async tx => {
        if ((await jobInTx(tx, String(task.payload.name))) !== undefined)
          await advanceParent(needs, tx, String(task.payload.name))
      }),
  })
}

/** What is asked of the record of a job: why it ran, whether it comes out the same again, and how to take it elsewhere. */
const recordRoutes = (needs: JobNeeds, reproductions: Reproductions): BoundRoute[] => [
  implement(jobReproductionRoutes.reproduce, async call =>
    toResource(await reproductions.submit(call, call.params.name, call.body), needs.url()),
  ),
  implement(jobExportRoutes.export, call => exportJob(needs, call.workspace, call.params.name)),
  implement(jobReproductionRoutes.reproduction, call => reproductions.report(call.workspace, call.params.name)),
  implement(jobWhyRoutes.why, async call => explainJob(needs, call.workspace, call.params.name)),
]
