import { z } from 'zod'
import { creationContext } from './assets.ts'
import { described, description } from './core/described.ts'
import { nameSchema, tagsSchema, timeSchema } from './core/names.ts'
import { pageOf, pageQuery } from './core/page.ts'
import { ok, route } from './core/route.ts'
import { environmentRef, jobInput, jobOutput, limitsSpec, resourcesSpec } from './job-inputs.ts'
import { jobSpec } from './job-specs.ts'
import { gitState, jobResource } from './jobs.ts'
import { monitorDefinition } from './monitors.ts'
import { scheduleTrigger } from './schedule-triggers.ts'

/** What becomes of the times that passed while no server ran: nothing, one job for the newest, or one for each. */
export const catchUpPolicies = ['none', 'latest', 'all'] as const
export type CatchUpPolicy = (typeof catchUpPolicies)[number]

/** A job by reference or in full, and what is said over it. Maps are merged by key, other properties replaced. */
export const scheduledJob = z.strictObject({
  type: z.string().optional(),
  job: z.union([z.string(), jobSpec]).describe('path of a job YAML, azureml:<job>, or the job itself'),
  display_name: z.string().optional(),
  experiment_name: z.string().min(1).max(255).optional(),
  description: z.string().optional(),
  tags: tagsSchema.optional(),
  properties: tagsSchema.optional(),
  compute: z.string().optional(),
  settings: z.looseObject({}).optional(),
  inputs: z.record(z.string(), jobInput).optional(),
  outputs: z.record(z.string(), jobOutput).optional(),
  environment: environmentRef.optional(),
  environment_variables: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])).optional(),
  limits: limitsSpec.optional(),
  resources: resourcesSpec.optional(),
  identity: z.looseObject({}).optional(),
})
export type ScheduledJob = z.output<typeof scheduledJob>

const action = z.union([z.string(), scheduledJob, jobSpec])

export const scheduleSpec = z
  .strictObject({
    $schema: z.string().optional(),
    name: nameSchema,
    ...description,
    trigger: scheduleTrigger,
    create_job: action,
    catch_up: z.enum(catchUpPolicies).default('latest').describe('for times that passed while no server ran'),
    is_enabled: z.boolean().optional(),
  })
  .meta({ id: 'ScheduleSpec' })
export type ScheduleSpec = z.output<typeof scheduleSpec>

export const scheduleResource = z
  .object({
    id: z.string(),
    name: nameSchema,
    ...described,
    trigger: scheduleTrigger,
    create_job: z
      .record(z.string(), z.unknown())
      .optional()
      .describe('the job that each time creates, references as given'),
    create_monitor: monitorDefinition.optional().describe('the monitor that each time has judge'),
    catch_up: z.enum(catchUpPolicies),
    is_enabled: z.boolean(),
    provisioning_state: z.literal('Succeeded'),
    next_run_time: timeSchema.optional().describe('absent when disabled or past its end'),
    last_run: z
      .object({
        time: timeSchema,
        job: z.string().optional(),
        run: z.string().optional().describe('of a monitor'),
        error: z.string().optional(),
      })
      .optional(),
    etag: z.string(),
    creation_context: creationContext,
  })
  .meta({ id: 'Schedule' })
export type ScheduleResource = z.output<typeof scheduleResource>

/** What became of one time of a schedule, or of one `trigger`. */
export const scheduleRun = z
  .object({
    time: timeSchema.describe('when it was due; for `trigger`, when it was asked for'),
    kind: z.enum(['tick', 'manual']),
    outcome: z.enum(['submitted', 'failed']),
    job: z.string().optional(),
    run: z.string().optional().describe('of a monitor'),
    error: z.string().optional(),
    at: timeSchema.describe('when it was carried out'),
  })
  .meta({ id: 'ScheduleRun' })
export type ScheduleRun = z.output<typeof scheduleRun>

const submission = { git: gitState.optional(), default_experiment_name: z.string().max(255).optional() }
const params = z.object({ name: nameSchema })
const base = '/api/v1/schedules'

export const scheduleRoutes = {
  create: route({
    operationId: 'schedules.create',
    method: 'POST',
    path: base,
    permission: 'job.write',
    summary: 'Create a schedule, or replace the one of this name',
    body: z.strictObject({ schedule: scheduleSpec, ...submission }),
    response: scheduleResource,
    status: 201,
  }),
  list: route({
    operationId: 'schedules.list',
    method: 'GET',
    path: base,
    permission: 'job.read',
    summary: 'List schedules by name',
    query: z.object({ ...pageQuery, enabled: z.stringbool().optional() }),
    response: pageOf(scheduleResource),
  }),
  show: route({
    operationId: 'schedules.show',
    method: 'GET',
    path: `${base}/:name`,
    permission: 'job.read',
    summary: 'Show a schedule',
    params,
    response: scheduleResource,
  }),
  update: route({
    operationId: 'schedules.update',
    method: 'PATCH',
    path: `${base}/:name`,
    permission: 'job.write',
    summary: 'Change a schedule, enable or disable it',
    params,
    body: z.strictObject({
      ...description,
      trigger: scheduleTrigger.optional(),
      create_job: action.optional(),
      catch_up: z.enum(catchUpPolicies).optional(),
      is_enabled: z.boolean().optional(),
    }),
    response: scheduleResource,
  }),
  delete: route({
    operationId: 'schedules.delete',
    method: 'DELETE',
    path: `${base}/:name`,
    permission: 'job.write',
    summary: 'Delete a schedule; the jobs it created are kept',
    params,
    response: ok,
  }),
  trigger: route({
    operationId: 'schedules.trigger',
    method: 'POST',
    path: `${base}/:name/trigger`,
    permission: 'job.write',
    summary: 'Create the job of a schedule now, beside its times; also of a disabled one',
    params,
    response: jobResource,
    status: 201,
    idempotent: true,
  }),
  next: route({
    operationId: 'schedules.next',
    method: 'GET',
    path: `${base}/:name/next`,
    permission: 'job.read',
    summary: 'The next times of a schedule, as if it were enabled',
    params,
    query: z.object({ count: z.coerce.number().int().min(1).max(100).default(5) }),
    response: z.object({ time_zone: z.string(), times: z.array(z.object({ utc: timeSchema, local: z.string() })) }),
  }),
  runs: route({
    operationId: 'schedules.runs',
    method: 'GET',
    path: `${base}/:name/runs`,
    permission: 'job.read',
    summary: 'What became of the times of a schedule, newest first',
    params,
    query: z.object(pageQuery),
    response: pageOf(scheduleRun),
  }),
}
