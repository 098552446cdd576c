import { z } from 'zod'
import { creationContext } from './assets.ts'
import { digestSchema, nameSchema, tagsSchema, timeSchema } from './core/names.ts'
import { pageOf, pageQuery } from './core/page.ts'
import { route } from './core/route.ts'
import { jobPlan, jobValidation } from './job-plans.ts'
import { jobSpec } from './job-specs.ts'
import { jobStatuses } from './job-statuses.ts'
import { sweepState, sweepTrial } from './sweeps.ts'

/** Why a step did not complete, for programs; `message` says it for people. */
export const failureCauses = [
  'exit_code',
  'signal',
  'out_of_memory',
  'out_of_disk',
  'timeout',
  'no_output',
  'missing_interpreter',
  'missing_program',
  'missing_package',
  'package_index',
  'container',
  'lost',
] as const
export type FailureCause = (typeof failureCauses)[number]

/** Where the code came from, as the client's git saw it at submit. */
export const gitState = z.strictObject({
  commit: z.string().min(1).max(255),
  branch: z.string().max(1000).optional(),
  remote: z.string().max(4000).optional(),
  dirty: z.boolean(),
  path: z.string().max(4096).optional().describe('folder of the YAML inside the repository'),
  diff: z
    .strictObject({
      digest: digestSchema.describe('blob of the unified diff against the commit'),
      size: z.number().int().min(0),
      cut: z.boolean().describe('it was longer than what is kept'),
      withheld: z.array(z.string().max(4096)).max(1000).describe('files that seemed to hold secrets and were not sent'),
    })
    .optional()
    .describe('what differed from the commit; files that git does not know are part of the code alone'),
})
export type GitState = z.output<typeof gitState>

export const jobReuse = z.object({
  key: z.string(),
  from: z.string().optional().describe('the job whose outputs were taken'),
})

/** What the processes of a step have used together. */
export const jobUsage = z.object({
  peak_memory_bytes: z.number().optional().describe('resident memory; absent when it was over within a second'),
  cpu_seconds: z.number().optional().describe('user and system time'),
})

/** How far a step has come that cuts its input into mini-batches; `items` are files, or the rows of tables. */
export const miniBatchProgress = z.object({
  mini_batches: z.object({ total: z.number(), done: z.number(), failed: z.number() }),
  items: z.object({ total: z.number().optional(), done: z.number(), failed: z.number() }),
})

/** A try of a step that did not stand. */
export const jobRetry = z.object({
  attempt: z.number().int().describe('its number; 0 when it failed before there was one'),
  message: z.string(),
  cause: z.enum(failureCauses).optional(),
  exit_code: z.number().int().optional(),
  signal: z.string().optional(),
  of: z.number().int().describe('how many tries there are in all'),
  end_time: timeSchema,
  next_time: timeSchema.describe('when it was, or is, to be tried again'),
})

export const jobResource = z
  .object({
    id: z.string(),
    name: nameSchema,
    type: z.enum(['command', 'pipeline', 'sweep']),
    status: z.enum(jobStatuses),
    display_name: z.string(),
    experiment_name: z.string(),
    description: z.string().optional(),
    tags: z.record(z.string(), z.string()),
    properties: z.record(z.string(), z.string()),
    parent_job_name: z.string().optional(),
    step: z.string().optional().describe('node key in the parent pipeline'),
    compute: z.string().optional(),
    inputs: z.record(z.string(), z.unknown()),
    outputs: z.record(z.string(), z.unknown()),
    services: z.record(z.string(), z.unknown()),
    spec: z
      .record(z.string(), z.unknown())
      .optional()
      .describe('the specification as submitted, references resolved; in lists only when they are asked for it'),
    git: gitState.optional(),
    reuse: jobReuse.optional(),
    sweep: sweepState.optional().describe('of a sweep, when it is shown by itself'),
    reproduction: z
      .object({ of: nameSchema, verdict: z.string().optional() })
      .optional()
      .describe('the job that this one computes again, and how they compare'),
    reproduced_by: z
      .array(z.object({ job: nameSchema, verdict: z.string().optional() }))
      .optional()
      .describe('jobs that compute this one again'),
    error: z
      .object({
        message: z.string(),
        cause: z.enum(failureCauses).optional(),
        hint: z.string().optional().describe('what to do about it'),
        exit_code: z.number().int().optional(),
        rerun: z.string().optional().describe('the command that runs it again, alone'),
        signal: z.string().optional().describe('what ended the command, e.g. SIGKILL'),
        log_tail: z.array(z.string()).optional(),
        log: z.string().optional(),
      })
      .optional(),
    queue: z
      .object({ ahead: z.number().int(), reason: z.string() })
      .optional()
      .describe('why a queued step does not run yet, and how many of the same user and priority are before it'),
    usage: jobUsage.optional().describe('of the last attempt; so far, while it runs and is shown by itself'),
    progress: miniBatchProgress.optional().describe('of a parallel or batch step that is shown by itself'),
    heartbeat_time: timeSchema
      .optional()
      .describe('of a step that runs and is shown by itself: when its server last said that it carries it'),
    retries: z.array(jobRetry).optional().describe('the tries before the last'),
    attempts: z.number().int(),
    archived: z.boolean(),
    etag: z.string(),
    creation_context: creationContext,
    start_time: timeSchema.optional(),
    end_time: timeSchema.optional(),
  })
  .meta({ id: 'Job' })
export type JobResource = z.output<typeof jobResource>

/** A step of a job, as short as following it needs. */
export const stepProgress = z
  .object({
    name: nameSchema,
    parent_job_name: z.string().optional(),
    label: z.string().describe('node keys from the followed job down, with / between'),
    type: jobResource.shape.type,
    status: z.enum(jobStatuses),
    reused_from: z.string().optional(),
    retry: z.string().optional().describe('of a step that waits to be tried again: which try, when, and why'),
    start_time: timeSchema.optional(),
    end_time: timeSchema.optional(),
  })
  .meta({ id: 'StepProgress' })
export type StepProgress = z.output<typeof stepProgress>

const jobParams = z.object({ name: nameSchema })
export const jobRoutes = {
  create: route({
    operationId: 'jobs.create',
    method: 'POST',
    path: '/api/v1/jobs',
    permission: 'job.write',
    summary: 'Submit a job',
    body: z.strictObject({ job: jobSpec, git: gitState.optional(), default_experiment_name: z.string().optional() }),
    response: jobResource,
    status: 201,
    idempotent: true,
  }),
  list: route({
    operationId: 'jobs.list',
    method: 'GET',
    path: '/api/v1/jobs',
    permission: 'job.read',
    summary: 'List jobs, newest first',
    query: z.object({
      ...pageQuery,
      parent_job_name: z.string().optional(),
      status: z.enum(jobStatuses).optional(),
      experiment_name: z.string().optional(),
      commit: z.string().optional(),
      schedule: z.string().optional().describe('jobs that this schedule submitted'),
      include_archived: z.stringbool().default(false),
      include_spec: z.stringbool().default(false),
    }),
    response: pageOf(jobResource),
  }),
  show: route({
    operationId: 'jobs.show',
    method: 'GET',
    path: '/api/v1/jobs/:name',
    permission: 'job.read',
    summary: 'Show a job',
    params: jobParams,
    response: jobResource,
  }),
  update: route({
    operationId: 'jobs.update',
    method: 'PATCH',
    path: '/api/v1/jobs/:name',
    permission: 'job.write',
    summary: 'Change display name, description or tags',
    params: jobParams,
    body: z.strictObject({
      display_name: z.string().optional(),
      description: z.string().optional(),
      tags: tagsSchema.optional(),
      archived: z.boolean().optional(),
    }),
    response: jobResource,
  }),
  cancel: route({
    operationId: 'jobs.cancel',
    method: 'POST',
    path: '/api/v1/jobs/:name/cancel',
    permission: 'job.write',
    summary: 'Ask a job to stop; its process tree is ended',
    params: jobParams,
    response: jobResource,
    status: 202,
  }),
  progress: route({
    operationId: 'jobs.progress',
    method: 'GET',
    path: '/api/v1/jobs/:name/progress',
    permission: 'job.read',
    summary: 'Status of a job and of everything below it; with `since` and `wait` the answer is held until one changes',
    params: jobParams,
    query: z.object({
      since: z.coerce.number().int().min(0).optional().describe('`version` of the answer before'),
      wait: z.coerce.number().min(0).max(30).default(0).describe('seconds'),
    }),
    response: z.object({
      type: jobResource.shape.type,
      status: z.enum(jobStatuses),
      version: z.number().int().describe('grows with every change'),
      steps: z.array(stepProgress).describe('in the order of their creation, those of a nested job after it'),
    }),
  }),
  log: route({
    operationId: 'jobs.log',
    method: 'GET',
    path: '/api/v1/jobs/:name/log',
    permission: 'job.read',
    summary: 'Log bytes from an offset; `wait` holds the answer until there is more',
    params: jobParams,
    query: z.object({
      offset: z.coerce.number().int().min(0).default(0),
      wait: z.coerce.number().min(0).max(30).default(0).describe('seconds'),
    }),
    response: 'stream',
  }),
  trials: route({
    operationId: 'jobs.trials',
    method: 'GET',
    path: '/api/v1/jobs/:name/trials',
    permission: 'job.read',
    summary: 'The trials of a sweep, in the order in which they were begun, with their values',
    params: jobParams,
    response: z.object({ trials: z.array(sweepTrial) }),
  }),
  outputs: route({
    operationId: 'jobs.outputs',
    method: 'GET',
    path: '/api/v1/jobs/:name/outputs',
    permission: 'job.read',
    summary: 'The outputs of a job and the trees that hold them',
    params: jobParams,
    response: z.object({
      outputs: z.record(
        z.string(),
        z.object({
          type: z.string(),
          uri: z.string(),
          digest: z.string().optional(),
          path: z.string().optional(),
          asset: z.string().optional(),
        }),
      ),
      artifacts: z.string().optional().describe('tree digest of the run artifacts'),
    }),
  }),
  plan: route({
    operationId: 'jobs.plan',
    method: 'POST',
    path: '/api/v1/jobs/plan',
    permission: 'job.read',
    summary: 'What a job would do, every reference resolved, without submitting it',
    body: z.strictObject({ job: jobSpec }),
    response: jobPlan,
  }),
  validate: route({
    operationId: 'jobs.validate',
    method: 'POST',
    path: '/api/v1/jobs/validate',
    permission: 'job.read',
    summary: 'Check a job without running it',
    body: z.strictObject({ job: jobSpec }),
    response: jobValidation,
  }),
}
