import type { JobResource } from '@hagane/contract'
import { exitCodes } from '../failure.ts'
import type { Invocation } from '../invocation.ts'
import { harmless, type Sink } from '../terminal/terminal.ts'
import { followLog } from './follow-log.ts'
import { followSteps } from './follow-steps.ts'
import { drawsTrees, followTree } from './follow-tree.ts'
import { sweepLines } from './trial-remarks.ts'
import type { Watch } from './watch.ts'

const tailLines = 20

/**
 * Prints a job as `az ml job stream` does: RunId, Web View, the log as it grows, a summary. Answers 1 when the job failed
 * or was canceled, 130 when Ctrl-C ended the watching; the job itself goes on then.
 */
export async function streamJob(call: Invocation, job: JobResource, sink: Sink): Promise<number> {
  const stop = new AbortController()
  const watch: Watch = {
    client: call.client,
    signal: stop.signal,
    write: text => void (text === '' || sink.write(text)),
    remark: text => call.note(text),
  }
  const undo = call.surroundings.onInterrupt(() => stop.abort())
  watch.write(heading(job))
  try {
    if (job.type === 'command') return finish(call, watch, await followLog(watch, job.name), [])
    const { env } = call.surroundings
    const end = drawsTrees(sink, env)
      ? await followTree(watch, job.name, sink, env)
      : await followSteps(watch, job.name)
    return finish(call, watch, end.job, end.failed)
  } catch (error) {
    if (!stop.signal.aborted) throw error
    call.surroundings.stderr.write(
      `\n${job.name} goes on. Watch it with: hagane job stream -n ${job.name}\nStop it with: hagane job cancel -n ${job.name}\n`,
    )
    return exitCodes.interrupted
  } finally {
    undo()
  }
}

/** Where a person looks at the job; absent when the server names no studio. */
export function webView(job: JobResource): string | undefined {
  const studio = job.services.Studio as { endpoint?: unknown } | undefined
  return typeof studio?.endpoint === 'string' ? harmless(studio.endpoint) : undefined
}

function runLines(job: JobResource): string {
  const url = webView(job)
  return `RunId: ${job.name}\n${url === undefined ? '' : `Web View: ${url}\n`}`
}

const heading = (job: JobResource) =>
  `${runLines(job)}\nStreaming ${job.type === 'command' ? 'user_logs/std_log.txt' : 'the steps'}\n${'='.repeat(31)}\n\n`

function finish(call: Invocation, watch: Watch, job: JobResource, failed: readonly JobResource[]): number {
  watch.write(
    `\nExecution Summary\n=================\n${runLines(job)}Status: ${job.status}${duration(job)}\n${sweepLines(job)}`,
  )
  if (job.status === 'Completed') return exitCodes.ok
  const lines = [`error: ${job.name} ${job.status === 'Canceled' ? 'was canceled' : 'failed'}${reason(job)}`]
  for (const step of failed.length === 0 ? [job] : failed) lines.push(...lastWords(step, job))
  call.surroundings.stderr.write(`${lines.join('\n')}\n`)
  return exitCodes.failure
}

const reason = (job: JobResource) => (job.error === undefined ? '' : `: ${harmless(job.error.message)}`)

/** The end of the log of the job or step that failed, and where the rest is. */
function lastWords(step: JobResource, job: JobResource): string[] {
  const label = harmless(step.step ?? step.name)
  const tail = (step.error?.log_tail ?? []).slice(-tailLines).map(line => `  ${harmless(line)}`)
  const lines = step === job ? [] : [`  step ${label} (${step.name})${reason(step)}`]
  if (tail.length > 0) lines.push(`  last lines of the log of ${label}:`, ...tail)
  if (step.status === 'Failed') lines.push(`  whole log: hagane job stream -n ${step.name}`)
  if (step.error?.hint !== undefined) lines.push(`  hint: ${harmless(step.error.hint)}`)
  if (step.error?.rerun !== undefined) lines.push(`  run it again alone: ${harmless(step.error.rerun)}`)
  return lines
}

function duration(job: JobResource): string {
  if (job.start_time === undefined || job.end_time === undefined) return ''
  const seconds = (Date.parse(job.end_time) - Date.parse(job.start_time)) / 1000
  return ` in ${seconds < 60 ? `${seconds.toFixed(1)} s` : `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`}`
}
