import { setTimeout as sleep } from 'node:timers/promises'
import { type Client, type JobResource, type JobSpec, jobRoutes, terminalStatuses } from '@hagane/contract'

type Submitted = JobSpec | Record<string, unknown>

/** Submits a job, written as its JSON would be, and answers its name. */
export async function submitJob(client: Client, job: Submitted): Promise<string> {
  return (await client.call(jobRoutes.create, { body: { job: job as JobSpec } })).name
}

/** Waits until a job has ended, however it ended. */
export async function endOf(client: Client, name: string): Promise<JobResource> {
  for (;;) {
    const job = await client.call(jobRoutes.show, { params: { name } })
    if (terminalStatuses.includes(job.status)) return job
    await sleep(20)
  }
}

/** Submits a job and waits for its end. */
export const runJob = async (client: Client, job: Submitted): Promise<JobResource> =>
  endOf(client, await submitJob(client, job))

/** The steps of a pipeline, or the trials of a sweep, by their key. */
export async function stepsOf(client: Client, parent: string): Promise<Record<string, JobResource>> {
  const { items } = await client.call(jobRoutes.list, { query: { parent_job_name: parent, limit: 1000 } })
  return Object.fromEntries(items.map(job => [job.step ?? job.name, job]))
}

/** The whole log of a job that has ended. */
export const logOf = async (client: Client, name: string): Promise<string> =>
  (await client.raw(jobRoutes.log, { params: { name } })).text()
