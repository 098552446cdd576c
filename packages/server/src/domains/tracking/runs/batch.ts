import type { Point } from '../metrics/segments.ts'
import {
  type Field,
  message,
  missing,
  readDouble,
  readInteger,
  readMessage,
  required,
  text,
  wrongType,
} from '../wire/fields.ts'
import { invalidParameter } from '../wire/mlflow-error.ts'
import { checkBatchLimit, checkKey, checkLength, checkParam, checkTag, type KeyValue, limits } from '../wire/names.ts'
import { pythonList } from '../wire/python-text.ts'

/** A point as a client logs it; with a model id it counts for that logged model as well. */
export interface LoggedPoint extends Point {
  readonly modelId: string | undefined
  readonly datasetName: string
  readonly datasetDigest: string
}

const MAX_DOUBLE = Number.MAX_VALUE

/** Infinities are kept as the largest doubles, which every database and every JSON parser holds (MLflow's rule). */
const finite = (value: number): number => (value === Infinity ? MAX_DOUBLE : value === -Infinity ? -MAX_DOUBLE : value)

const optionalText = (from: Record<string, unknown>, name: string, path: string): string | undefined => {
  const value = from[name]
  if (value === undefined || value === null) return undefined
  if (typeof value !== 'string') throw wrongType(`${path}${name}`, value)
  return value
}

/** Reads one metric; `path` is `metrics[3].` in a batch and empty for a single one. Steps and times are checked, the key not yet. */
export function readPoint(from: Record<string, unknown>, path: string): LoggedPoint {
  const { key, value, timestamp, step } = from
  for (const name of ['key', 'value', 'timestamp'] as const)
    if (from[name] === undefined || from[name] === null || from[name] === '') throw missing(`${path}${name}`)
  if (typeof key !== 'string') throw wrongType(`${path}key`, key)
  const number = typeof value === 'number' ? value : readDouble(value, '')
  if (number === undefined) throw wrongType(`${path}value`, value)
  const time = readInteger(timestamp, '')
  if (time === undefined) throw wrongType(`${path}timestamp`, timestamp)
  const at = step === undefined || step === null ? 0 : readInteger(step, '')
  if (at === undefined) throw wrongType(`${path}step`, step)
  return {
    key,
    value: finite(number),
    timestamp: time,
    step: at,
    modelId: optionalText(from, 'model_id', path) || undefined,
    datasetName: optionalText(from, 'dataset_name', path) ?? '',
    datasetDigest: optionalText(from, 'dataset_digest', path) ?? '',
  }
}

const objects = (value: unknown, name: string): Record<string, unknown>[] | undefined => {
  if (value === undefined || value === null) return []
  if (!Array.isArray(value)) return undefined
  value.forEach((item: unknown, i) => {
    if (item === null || typeof item !== 'object' || Array.isArray(item)) throw wrongType(`${name}[${i}]`, item)
  })
  return value as Record<string, unknown>[]
}

/** The metrics of a batch, read without a parser per field: this is the hottest path of the server. */
export const metricList: Field<LoggedPoint[]> = {
  required: false,
  list: true,
  read: (value, name) => objects(value, name)?.map((item, i) => readPoint(item, `${name}[${i}].`)),
}

const pair = { key: required(text), value: text }
export const pairList: Field<KeyValue[]> = {
  required: false,
  list: true,
  read: (value, name) =>
    objects(value, name)?.map((item, i) => {
      const { key, value: text } = readMessage(pair, item, `${name}[${i}]`)
      return { key, value: text ?? '' }
    }),
}
export const pairMessage = message(pair)

/** Checks a point as MLflow does. */
export function checkPoint({ key, value, timestamp }: LoggedPoint, path: string): void {
  checkKey(key, `${path}name`)
  checkLength('Metric name', limits.key, key)
  if (timestamp < 0)
    throw invalidParameter(
      `Invalid value ${timestamp} for parameter '${path}timestamp' supplied: metric '${key}' (value=${value}). Timestamp must be a nonnegative long (64-bit integer) `,
    )
}

export interface Batch {
  metrics: readonly LoggedPoint[]
  params: readonly KeyValue[]
  tags: readonly KeyValue[]
}

/** Checks a whole batch before anything of it is written; answers it with long values cut. */
export function checkBatch({ metrics, params, tags }: Batch): Batch {
  metrics.forEach((point, i) => {
    checkPoint(point, `metrics[${i}].`)
  })
  const checked = {
    metrics,
    params: params.map((param, i) => checkParam(param, `params[${i}]`)),
    tags: tags.map((tag, i) => checkTag(tag, `tags[${i}]`)),
  }
  checkBatchLimit('metrics', limits.metricsPerBatch, metrics.length)
  checkBatchLimit('params', limits.paramsPerBatch, params.length)
  checkBatchLimit('tags', limits.tagsPerBatch, tags.length)
  checkBatchLimit('metrics, params, and tags', limits.entitiesPerBatch, metrics.length + params.length + tags.length)
  refuseDuplicates(params)
  return checked
}

function refuseDuplicates(params: readonly KeyValue[]): void {
  const seen = new Set<string>()
  const duplicates = params.filter(({ key }) => seen.size === seen.add(key).size).map(({ key }) => key)
  if (duplicates.length > 0)
    throw invalidParameter(
      `Duplicate parameter keys have been submitted: ${pythonList(duplicates)}. Please ensure the request contains only one param value per param key.`,
    )
}
