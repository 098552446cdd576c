import { expandCommandBody, expandCommandComponent, expandShared } from './expand-command.ts'
import { expandComponentOf, expandPipelineBody, refuseUnsupported } from './expand-pipeline.ts'
import type { Loading } from './loading.ts'
import { isYamlPath } from './local-path.ts'
import { keepLiteral } from './number-text.ts'
import { type Cursor, mapAt, own, type YamlMap } from './tree.ts'

function typeByShape(map: YamlMap): string {
  if (own(map, 'jobs') !== undefined || own(map, 'component') !== undefined) return 'pipeline'
  return own(map, 'trial') === undefined ? 'command' : 'sweep'
}

/** The trial of a sweep: a component in a file, or what a command needs, written here. */
async function expandTrial(loading: Loading, job: Cursor): Promise<void> {
  const value = own(job.map, 'trial')
  const trial =
    typeof value === 'string' && isYamlPath(value) ? await loading.inlineYaml(job, 'trial') : mapAt(job, 'trial')
  if (trial !== undefined) await expandCommandComponent(loading, trial)
}

function expandSearchSpace(loading: Loading, job: Cursor): void {
  const space = mapAt(job, 'search_space')
  for (const name of Object.keys(space?.map ?? {})) {
    const entry = space === undefined ? undefined : mapAt(space, name)
    if (entry !== undefined) keepLiteral(loading.origins, entry.map, 'values')
  }
}

/** A job of any type that Hagane runs; without `type` the shape decides, as with Azure ML command is the default. */
export async function expandJob(loading: Loading, job: Cursor): Promise<void> {
  refuseUnsupported(loading, job, ['command', 'pipeline', 'sweep'])
  job.map.type ??= typeByShape(job.map)
  if (job.map.type === 'pipeline') {
    await expandComponentOf(loading, job)
    await expandPipelineBody(loading, job)
    return
  }
  await expandShared(loading, job)
  if (job.map.type !== 'sweep') return expandCommandBody(loading, job)
  await expandTrial(loading, job)
  expandSearchSpace(loading, job)
}
