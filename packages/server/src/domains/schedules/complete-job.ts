import { HaganeError, type JobSpec, parseReference, type ScheduledJob } from '@hagane/contract'
import { overridden } from './action.ts'
import type { ScheduleNeeds } from './needs.ts'

/**
 * The job that somebody else submits again and again, complete: an earlier one by its name, or one that is written out, with what is
 * said over it. Throws invalid or not_found, named after `property`.
 */
export async function completeJob(
  jobs: Pick<ScheduleNeeds['jobs'], 'specOf'>,
  workspace: string,
  given: ScheduledJob,
  property: string,
): Promise<JobSpec> {
  const job = typeof given.job === 'string' ? await referred(jobs, workspace, given.job, `${property}.job`) : given.job
  return overridden(job, given, property)
}

async function referred(
  jobs: Pick<ScheduleNeeds['jobs'], 'specOf'>,
  workspace: string,
  reference: string,
  property: string,
): Promise<JobSpec> {
  const parsed = parseReference(reference)
  if (parsed.form === 'asset' && parsed.version === undefined && parsed.label === undefined)
    return jobs.specOf(workspace, parsed.name)
  throw new HaganeError('invalid', `${property}: '${reference}' does not name a job`, {
    details: [{ property, message: 'not a job', sent: reference, allowed: 'azureml:<job>, or the job itself' }],
    hint: 'the command line reads a path to a job YAML before it sends it',
  })
}

/** Errors of `check` say which property they are about. */
export async function namedAfter<T>(property: string, check: () => Promise<T>): Promise<T> {
  try {
    return await check()
  } catch (error) {
    if (!(error instanceof HaganeError)) throw error
    throw new HaganeError(error.kind, `${property}: ${error.message}`, {
      ...(error.hint === undefined ? {} : { hint: error.hint }),
      ...(error.details === undefined ? {} : { details: error.details }),
    })
  }
}
