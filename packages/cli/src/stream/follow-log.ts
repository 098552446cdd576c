import type { JobResource } from '@hagane/contract'
import { LogReader } from './log-reader.ts'
import { ask, isOver, showJob, type Watch } from './watch.ts'

const waitSeconds = 5

/** Writes the log of a job as it grows and answers the job when it is over and its log is written to the end. */
export async function followLog(watch: Watch, name: string): Promise<JobResource> {
  const reader = new LogReader(watch.client, name)
  const read = (wait: number) => ask(watch, () => reader.read(wait, watch.signal))
  let job = await showJob(watch, name)
  for (;;) {
    const over = isOver(job)
    const text = await read(over ? 0 : waitSeconds)
    watch.write(text)
    if (over && text === '') break
    if (!over && text === '') job = await showJob(watch, name)
  }
  watch.write(reader.rest())
  return job
}
