import { posix } from 'node:path'
import { invalidParameter } from './mlflow-error.ts'
import { pythonJson, pythonRepr } from './python-text.ts'

/** Limits of mlflow/utils/validation.py, in characters or items. */
export const limits = {
  metricsPerBatch: 1000,
  paramsPerBatch: 100,
  tagsPerBatch: 100,
  entitiesPerBatch: 1000,
  datasetsPerBatch: 1000,
  key: 250,
  paramValue: 6000,
  tagValue: 8000,
  experimentName: 500,
  experimentTagValue: 20_000,
  registryTagValue: 100_000,
  artifactLocation: 2048,
  alias: 255,
} as const

const BAD_CHARACTERS =
  'Names may only contain alphanumerics, underscores (_), dashes (-), periods (.), spaces ( ), colon(:) and slashes (/).'
const allowed = /^[/\p{L}\p{N}_.\- :]*$/u
/** Most keys: words joined by single slashes or dots. They need no closer look. */
const plain = /^[A-Za-z0-9_][\w-]*(?:[/.][A-Za-z0-9_][\w-]*)*$/

/** `posixpath.normpath` of Python: unlike Node's it drops a trailing slash. */
function normal(path: string): string {
  const norm = posix.normalize(path)
  return norm.length > 1 && norm.endsWith('/') ? norm.slice(0, -1) : norm
}

const resolvesElsewhere = (name: string): boolean => {
  const norm = normal(name)
  return norm !== name || norm === '.' || norm.startsWith('..') || norm.startsWith('/')
}

const supplied = (value: string, path: string, why: string) =>
  invalidParameter(`Invalid value ${pythonJson(value)} for parameter '${path}' supplied: ${why}`)

/** A key of a metric, param or tag: safe as a relative file name, characters of a small set. `path` names it in the message. */
export function checkKey(key: string, path: string): void {
  if (plain.test(key)) return
  if (!allowed.test(key)) throw supplied(key, path, BAD_CHARACTERS)
  refusePath(key, path)
}

/** Refuses a name that would be another file than its own text says. */
export function refusePath(name: string, path: string): void {
  if (resolvesElsewhere(name))
    throw supplied(
      name,
      path,
      `Names may be treated as files in certain cases, and must not resolve to other names when treated as such. This name would resolve to ${pythonRepr(normal(name))}`,
    )
}

/** Refuses text over a limit, counted in characters. */
export function checkLength(what: string, limit: number, text: string): void {
  if (text.length > limit) throw invalidParameter(`'${what}' exceeds the maximum length of ${limit} characters`)
}

/** Cuts text to a limit, as MLflow does with long values; never through a surrogate pair. */
export function truncate(text: string, limit: number): string {
  if (text.length <= limit) return text
  const cut = text.slice(0, limit)
  return cut.isWellFormed() ? cut : cut.slice(0, -1)
}

export interface KeyValue {
  key: string
  value: string
}

/** A checked param with its value cut to the limit. */
export function checkParam({ key, value }: KeyValue, path = ''): KeyValue {
  checkKey(key, within(path, 'key'))
  checkLength('Param key', limits.key, key)
  return { key, value: truncate(value, limits.paramValue) }
}

/** A checked run tag with its value cut to the limit. */
export function checkTag({ key, value }: KeyValue, path = ''): KeyValue {
  checkKey(key, within(path, 'key'))
  checkLength(within(path, 'key'), limits.key, key)
  return { key, value: truncate(value, limits.tagValue) }
}

/** A tag whose value is refused when too long instead of cut (experiments, registry). */
export function checkStrictTag({ key, value }: KeyValue, valueLimit: number): KeyValue {
  checkKey(key, 'key')
  checkLength('key', limits.key, key)
  checkLength('value', valueLimit, value)
  return { key, value }
}

const within = (path: string, name: string): string => (path === '' ? name : `${path}.${name}`)

/** Run ids: `^[a-zA-Z0-9][\w-]{0,255}$`; Hagane's job names are among them. */
export function checkRunId(runId: string): void {
  if (!/^[a-zA-Z0-9][\w-]{0,255}$/.test(runId))
    throw invalidParameter(`Invalid value ${pythonJson(runId)} for parameter 'run_id' supplied.`)
}

/** Experiment ids are decimal text; anything else is refused with MLflow's words. */
export function experimentNumber(experimentId: string): number {
  const number = /^\d{1,16}$/.test(experimentId) ? Number(experimentId) : Number.NaN
  if (!Number.isSafeInteger(number))
    throw invalidParameter(`Invalid experiment ID '${experimentId}'. Experiment ID must be a valid integer.`)
  return number
}

export function checkBatchLimit(what: string, limit: number, length: number): void {
  if (length > limit)
    throw invalidParameter(
      `A batch logging request can contain at most ${limit} ${what}. Got ${length} ${what}. Please split up ${what} across multiple requests and try again.`,
    )
}
