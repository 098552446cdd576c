import { findEmptyBlocks } from '@hagane/contract'
import { expandEnvironment } from './expand-environment.ts'
import { expandInputs, expandOutputs } from './expand-inputs.ts'
import type { Loading } from './loading.ts'
import { noteCode } from './note-upload.ts'
import { keepLiterals, keepVersion } from './number-text.ts'
import { type Cursor, own } from './tree.ts'

/** Fields that jobs, nodes and components share: version, tags, properties, inputs and outputs. */
export async function expandShared(loading: Loading, cursor: Cursor): Promise<void> {
  keepVersion(loading.origins, cursor.map)
  keepLiterals(loading.origins, cursor.map, 'tags')
  keepLiterals(loading.origins, cursor.map, 'properties')
  await expandInputs(loading, cursor)
  expandOutputs(loading, cursor)
}

/** What a command needs to run: code and environment are made ready, environment variables keep their source text. */
export async function expandCommandBody(loading: Loading, cursor: Cursor): Promise<void> {
  await noteCode(loading, cursor)
  await expandEnvironment(loading, cursor)
  keepLiterals(loading.origins, cursor.map, 'environment_variables')
  const command = own(cursor.map, 'command')
  if (typeof command !== 'string') return
  for (const block of findEmptyBlocks(command)) {
    loading.warn(cursor, 'command', `${block} holds no expression, so it is printed as it stands`, {
      hint: 'an optional argument is written $[[--name ${{inputs.name}}]]',
    })
  }
}

export async function expandCommandComponent(loading: Loading, cursor: Cursor): Promise<void> {
  await expandShared(loading, cursor)
  await expandCommandBody(loading, cursor)
}
