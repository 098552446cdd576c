import { type JobResource, jobRoutes } from '@hagane/contract'
import { requiredText } from '../grammar/flags.ts'
import { UsageError } from '../grammar/usage-error.ts'
import type { Invocation } from '../invocation.ts'
import type { Column } from '../output/table.ts'
import { webView } from '../stream/stream-job.ts'
import { openBrowser } from '../terminal/browser.ts'

export const jobName = requiredText('-n, --name <name>', 'name of the job')

export const jobColumns: readonly Column<JobResource>[] = [
  ['Name', job => job.name],
  ['Status', job => job.status],
  ['Type', job => job.type],
  ['Experiment', job => job.experiment_name],
  ['DisplayName', job => job.display_name],
  ['Step', job => job.step],
  ['Waits', job => job.queue?.reason],
  ['Created', job => job.creation_context.created_at],
]

export const showJob = (call: Invocation, name: string): Promise<JobResource> =>
  call.client.call(jobRoutes.show, { params: { name } })

/** `--web`: opens the job's page, and says where it is in case nothing opens. */
export function showInBrowser(call: Invocation, job: JobResource): void {
  const url = webView(job)
  if (url === undefined) {
    call.warn('the server names no web page for this job')
    return
  }
  call.note(`Web View: ${url}`)
  openBrowser(url)
}

/** A job named as `hagane job <verb> <job>` or with `-n`. */
export function namedJob(call: Invocation, flag: string | undefined, word: string): string {
  const [argument] = call.args
  if (argument !== undefined && flag !== undefined && argument !== flag)
    throw new UsageError(`job ${word} takes one job, not both ${argument} and ${flag}`)
  const name = argument ?? flag
  if (name === undefined) throw new UsageError(`job ${word} of which job?`, `name it: hagane job ${word} brave_iron_12`)
  return name
}
