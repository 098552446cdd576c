import { expandEnvironment } from './expand-environment.ts'
import type { Loading } from './loading.ts'
import { isYamlPath } from './local-path.ts'
import { noteUpload } from './note-upload.ts'
import { keepLiteral, keepLiterals, keepVersion } from './number-text.ts'
import { type Cursor, mapAt, own } from './tree.ts'

/** Version, tags and properties of any asset or endpoint. */
export function expandAssetFields(loading: Loading, cursor: Cursor): void {
  keepVersion(loading.origins, cursor.map)
  keepLiterals(loading.origins, cursor.map, 'tags')
  keepLiterals(loading.origins, cursor.map, 'properties')
}

/** A data asset: its local path is noted for upload, its type follows what lies there and must agree with it. */
export async function expandData(loading: Loading, cursor: Cursor): Promise<void> {
  expandAssetFields(loading, cursor)
  keepLiteral(loading.origins, cursor.map, 'path')
  const type = own(cursor.map, 'type')
  const as = await noteUpload(loading, cursor, 'path', 'data')
  if (as === undefined) return
  if (type === undefined || type === null) cursor.map.type = as === 'file' ? 'uri_file' : 'uri_folder'
  else if (typeof type === 'string' && (type === 'uri_file') !== (as === 'file')) {
    loading.wrong(cursor, 'type', `the path is a ${as}`, {
      sent: type,
      allowed: as === 'file' ? ['uri_file'] : ['uri_folder', 'mltable'],
    })
  }
}

/** A gate: data that lies on this machine is noted for upload. */
export async function expandGate(loading: Loading, cursor: Cursor): Promise<void> {
  expandAssetFields(loading, cursor)
  keepLiteral(loading.origins, cursor.map, 'data')
  await noteUpload(loading, cursor, 'data', 'data')
}

export async function expandModel(loading: Loading, cursor: Cursor): Promise<void> {
  expandAssetFields(loading, cursor)
  keepLiteral(loading.origins, cursor.map, 'path')
  await noteUpload(loading, cursor, 'path', 'model')
}

/** An online deployment: model, code and environment are made ready; references to registered ones stay. */
export async function expandDeployment(loading: Loading, cursor: Cursor): Promise<void> {
  expandAssetFields(loading, cursor)
  const model = own(cursor.map, 'model')
  const spec =
    typeof model === 'string' && isYamlPath(model) ? await loading.inlineYaml(cursor, 'model') : mapAt(cursor, 'model')
  if (spec !== undefined) await expandModel(loading, spec)
  const code = mapAt(cursor, 'code_configuration')
  if (code !== undefined) await noteUpload(loading, code, 'code', 'code')
  await expandEnvironment(loading, cursor)
  keepLiterals(loading.origins, cursor.map, 'environment_variables')
}
