import { expandShared } from './expand-command.ts'
import { expandJob } from './expand-job.ts'
import type { Loading } from './loading.ts'
import { isYamlPath } from './local-path.ts'
import { keepLiterals } from './number-text.ts'
import { type Cursor, isMap, mapAt, own, type YamlMap } from './tree.ts'

/** The job that a schedule or a rule creates, at a key: a path, a job, or a job with what is said over it becomes the last. */
export async function expandScheduledJob(loading: Loading, cursor: Cursor, key: string): Promise<void> {
  const value = own(cursor.map, key)
  if (typeof value !== 'string' && !isMap(value)) return
  const whole = typeof value === 'string' || !Object.hasOwn(value, 'job')
  const createJob = whole ? wrap(loading, cursor, key, value) : mapAt(cursor, key)
  if (createJob === undefined) return
  await readJob(loading, createJob)
  await expandShared(loading, createJob)
  keepLiterals(loading.origins, createJob.map, 'environment_variables')
  delete createJob.map.type
}

/** Puts a job that stands at a key itself into `<key>.job`, where one with overrides has it. */
function wrap(loading: Loading, cursor: Cursor, key: string, job: unknown): Cursor {
  const map: YamlMap = { job }
  const place = loading.origins.place(cursor.map, key)
  if (place !== undefined) {
    loading.origins.begin(map, place)
    loading.origins.mark(map, 'job', { place })
  }
  cursor.map[key] = map
  return { map, pointer: [...cursor.pointer, key], home: cursor.home }
}

/** The job itself: read from its file or written in place, everything it refers to made ready. */
async function readJob(loading: Loading, createJob: Cursor): Promise<void> {
  const value = own(createJob.map, 'job')
  const job =
    typeof value === 'string' && isYamlPath(value)
      ? await loading.inlineYaml(createJob, 'job')
      : mapAt(createJob, 'job')
  if (job === undefined) return
  await expandJob(loading, job)
  const [given, actual] = [own(createJob.map, 'type'), own(job.map, 'type')]
  if (typeof given === 'string' && given !== actual)
    loading.wrong(createJob, 'type', `the job is of type ${String(actual)}`, { sent: given, allowed: actual })
}
