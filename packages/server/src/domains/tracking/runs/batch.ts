import { checkPoint, type LoggedPoint } from '../metrics/points.ts'
import { type Field, readMessage, required, text } from '../wire/fields.ts'
import { invalidParameter } from '../wire/mlflow-error.ts'
import { checkBatchLimit, checkParam, checkTag, type KeyValue, limits } from '../wire/names.ts'
import { objects } from '../wire/objects.ts'
import { pythonList } from '../wire/python-text.ts'

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
