import { type Client, type JobResource, jobRoutes, terminalStatuses } from '@hagane/contract'
import { persistently } from './reconnect.ts'

/** What following a job needs: the client, where text goes, and when to stop. */
export interface Watch {
  readonly client: Client
  readonly signal: AbortSignal
  write(text: string): void
  /** A remark about the watching itself, such as a lost connection. */
  remark(text: string): void
}

export const isOver = (job: JobResource): boolean => terminalStatuses.includes(job.status)

/** Asks, and asks again while the server is away. */
export function ask<T>(watch: Watch, question: () => Promise<T>): Promise<T> {
  return persistently(question, () => watch.remark('the server does not answer; trying again'), watch.signal)
}

export const showJob = (watch: Watch, name: string): Promise<JobResource> =>
  ask(watch, () => watch.client.call(jobRoutes.show, { params: { name }, signal: watch.signal }))
