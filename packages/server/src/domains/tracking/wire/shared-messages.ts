import { choice, message, required, text } from './fields.ts'
import type { KeyValue } from './names.ts'

/** ViewType of MLflow's protos. */
export const viewType = choice({ ACTIVE_ONLY: 1, DELETED_ONLY: 2, ALL: 3 })

/** A tag or param in a request. */
export const keyValue = message({ key: required(text), value: text })

export const asKeyValue = (pair: { key: string; value: string | undefined }): KeyValue => ({
  key: pair.key,
  value: pair.value ?? '',
})
