import { setTimeout as sleep } from 'node:timers/promises'
import { type JobResource as Job, jobRoutes } from '@hagane/contract'
import type { Stage } from './acts/act.ts'
import type { Cli } from './cli.ts'
import type { Telling } from './telling.ts'

/** A job that did not complete; its text holds the end of the log and the command that shows the rest. */
export class JobFailed extends Error {
  constructor(job: Job, command: string) {
    const tail = (job.error?.log_tail ?? []).map(line => `  ${line}`)
    const reason = `job ${job.step ?? job.name} ended as ${job.status}: ${job.error?.message ?? 'no reason given'}`
    super([reason, ...tail, `the whole log: ${command}`].join('\n'))
    this.name = 'JobFailed'
  }
}

const ended = (job: Job): boolean => ['Completed', 'Failed', 'Canceled'].includes(job.status)

/** Submits a job file and waits for its end, telling each step as it ends; returns the steps of a pipeline. */
export async function runJob(
  { cli, client, tell }: Stage,
  file: string,
  set: readonly string[] = [],
): Promise<{ job: Job; steps: readonly Job[] }> {
  const { name } = await cli.json<Job>('job', 'create', '-f', file, ...set.flatMap(one => ['--set', one]))
  const told = new Set<string>()
  for (;;) {
    const job = await client.call(jobRoutes.show, { params: { name } })
    const { items: steps } = await client.call(jobRoutes.list, { query: { parent_job_name: name } })
    tellEnded(steps, told, tell)
    if (ended(job)) return { job: completed(cli, job, steps), steps }
    await sleep(200)
  }
}

function tellEnded(steps: readonly Job[], told: Set<string>, tell: Telling): void {
  const news = steps.filter(step => ended(step) && !told.has(step.name)).sort((a, b) => endOf(a) - endOf(b))
  for (const step of news) {
    told.add(step.name)
    tell.progress(
      `  ${(step.step ?? step.name).padEnd(12)} ${step.status}${isReused(step) ? ', reused' : tookText(step)}`,
    )
  }
}

/** A step whose outputs were taken from an earlier job. */
export const isReused = (job: Job): boolean => job.reuse?.from !== undefined

const endOf = (job: Job): number => Date.parse(job.end_time ?? '') || 0

function tookText(job: Job): string {
  if (job.start_time === undefined || job.end_time === undefined) return ''
  return `, ${((Date.parse(job.end_time) - Date.parse(job.start_time)) / 1000).toFixed(1)} s`
}

function completed(cli: Cli, job: Job, steps: readonly Job[]): Job {
  if (job.status === 'Completed') return job
  const culprit = steps.find(step => step.status === 'Failed') ?? job
  throw new JobFailed(culprit, cli.typed('job', 'stream', '-n', culprit.name))
}
