import { dataInputTypes } from '@hagane/contract'
import type { Loading } from './loading.ts'
import { isLocalPath } from './local-path.ts'
import { noteUpload } from './note-upload.ts'
import { keepLiteral, keepVersion } from './number-text.ts'
import { type Cursor, isMap, mapAt, own } from './tree.ts'

const dataTypes: readonly unknown[] = dataInputTypes
const modelTypes: readonly unknown[] = ['mlflow_model', 'custom_model', 'triton_model']
export const isDataType = (type: unknown): boolean => dataTypes.includes(type)

/** A data value `{ type?, path, mode? }`: notes a local path for upload and fills in the type of what lies there. */
async function expandDataValue(loading: Loading, cursor: Cursor): Promise<void> {
  const { map } = cursor
  keepLiteral(loading.origins, map, 'path')
  const path = own(map, 'path')
  const type = own(map, 'type')
  if (typeof path !== 'string' || !isLocalPath(path) || (type !== undefined && !isDataType(type))) return
  const as = await noteUpload(loading, cursor, 'path', modelTypes.includes(type) ? 'model' : 'data')
  if (as === undefined) return
  if (type === undefined) map.type = as === 'file' ? 'uri_file' : 'uri_folder'
  else if (
    (type === 'uri_file') !== (as === 'file') &&
    (type === 'uri_file' || type === 'uri_folder' || type === 'mltable')
  ) {
    loading.warn(cursor, 'path', `${path} is a ${as} but the type is ${type}`, { hint: `the step gets the ${as}` })
  }
}

/**
 * The `inputs` of a job, node or component: numbers that JSON would print differently become their source text, local
 * paths are noted for upload.
 */
export async function expandInputs(loading: Loading, owner: Cursor): Promise<void> {
  const inputs = mapAt(owner, 'inputs')
  if (inputs === undefined) return
  for (const name of Object.keys(inputs.map)) {
    keepLiteral(loading.origins, inputs.map, name)
    const input = mapAt(inputs, name)
    if (input === undefined) continue
    for (const key of ['value', 'default', 'enum']) keepLiteral(loading.origins, input.map, key)
    await expandDataValue(loading, input)
  }
}

/** The `outputs` of a job, node or component: versions become text. */
export function expandOutputs(loading: Loading, owner: Cursor): void {
  const outputs = own(owner.map, 'outputs')
  if (!isMap(outputs)) return
  for (const output of Object.values(outputs)) if (isMap(output)) keepVersion(loading.origins, output)
}
