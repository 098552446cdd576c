import { expandCommandBody, expandShared } from './expand-command.ts'
import { expandMlproject, isMlproject } from './expand-mlproject.ts'
import { expandComponentOf, expandPipelineBody, refuseUnsupported } from './expand-pipeline.ts'
import { expandSweep } from './expand-sweep.ts'
import type { Loading } from './loading.ts'
import { type Cursor, own, type YamlMap } from './tree.ts'

function typeByShape(map: YamlMap): string {
  if (own(map, 'jobs') !== undefined || own(map, 'component') !== undefined) return 'pipeline'
  return own(map, 'trial') === undefined ? 'command' : 'sweep'
}

/** A job of any type that Hagane runs; without `type` the shape decides, as with Azure ML command is the default. */
export async function expandJob(loading: Loading, job: Cursor): Promise<void> {
  if (isMlproject(loading, job)) await expandMlproject(loading, job)
  refuseUnsupported(loading, job, ['command', 'pipeline', 'sweep'])
  job.map.type ??= typeByShape(job.map)
  if (job.map.type === 'pipeline') {
    await expandComponentOf(loading, job)
    await expandPipelineBody(loading, job)
    return
  }
  await expandShared(loading, job)
  if (job.map.type !== 'sweep') return expandCommandBody(loading, job)
  await expandSweep(loading, job)
}
