import { type Field, missing, readDouble, readInteger, wrongType } from '../wire/fields.ts'
import { invalidParameter } from '../wire/mlflow-error.ts'
import { checkKey, checkLength, limits } from '../wire/names.ts'
import { objects } from '../wire/objects.ts'
import type { Point } from './segments.ts'

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

/** The metrics of a batch, read without a parser per field: this is the hottest path of the server. */
export const metricList: Field<LoggedPoint[]> = {
  required: false,
  list: true,
  read: (value, name) => objects(value, name)?.map((item, i) => readPoint(item, `${name}[${i}].`)),
}

/** Checks a point as MLflow does. */
export function checkPoint({ key, value, timestamp }: LoggedPoint, path: string): void {
  checkKey(key, `${path}name`)
  checkLength('Metric name', limits.key, key)
  if (timestamp < 0)
    throw invalidParameter(
      `Invalid value ${timestamp} for parameter '${path}timestamp' supplied: metric '${key}' (value=${value}). Timestamp must be a nonnegative long (64-bit integer) `,
    )
}
