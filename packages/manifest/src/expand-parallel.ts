import { expandShared } from './expand-command.ts'
import { expandEnvironment } from './expand-environment.ts'
import type { Loading } from './loading.ts'
import { noteCode, noteUpload } from './note-upload.ts'
import { keepLiteral, keepLiterals } from './number-text.ts'
import { type Cursor, mapAt } from './tree.ts'

/** What a parallel step needs to run: the code, model and environment of its task are made ready. */
export async function expandParallelBody(loading: Loading, cursor: Cursor): Promise<void> {
  keepLiterals(loading.origins, cursor.map, 'environment_variables')
  const task = mapAt(cursor, 'task')
  if (task === undefined) return
  keepLiteral(loading.origins, task.map, 'program_arguments')
  await noteCode(loading, task)
  await noteUpload(loading, task, 'model', 'model')
  await expandEnvironment(loading, task)
}

export async function expandParallelComponent(loading: Loading, cursor: Cursor): Promise<void> {
  await expandShared(loading, cursor)
  await expandParallelBody(loading, cursor)
}
