import { expandAssetFields, expandDeployment } from './expand-assets.ts'
import { expandInputs, expandOutputs } from './expand-inputs.ts'
import { expandUnbound } from './expand-pipeline.ts'
import type { Loading } from './loading.ts'
import { keepLiterals } from './number-text.ts'
import { type Cursor, mapAt } from './tree.ts'

/** A batch deployment of either kind: a model with its code and environment, or a pipeline component read in its place. */
export async function expandBatchDeployment(loading: Loading, cursor: Cursor): Promise<void> {
  await expandDeployment(loading, cursor)
  await expandUnbound(loading, cursor)
  const settings = mapAt(cursor, 'settings')
  if (settings !== undefined) keepLiterals(loading.origins, settings.map, 'environment_variables')
}

/** The inputs and outputs of an invocation, as those of a job. */
export async function expandBatchInvocation(loading: Loading, cursor: Cursor): Promise<void> {
  expandAssetFields(loading, cursor)
  await expandInputs(loading, cursor)
  expandOutputs(loading, cursor)
}
