import { unlinkSync, writeFileSync } from 'node:fs'
import { containerEnd, containerState, removeContainer } from './container/container-state.ts'
import { exitWithoutRecord, type Marker, readEnded, readExit, readMarker, startedAt } from './exit-record.ts'
import { follow } from './follow.ts'
import { layout, readRecord } from './layout.ts'
import { endLeftovers, endOrphans } from './stop.ts'
import { endOf, stateOf, survivorEnd, survivorOf, written } from './survivor.ts'
import { removeShortLink } from './temporary-link.ts'
import type { Adopted } from './types.ts'

/**
 * What became of the step in a folder that another process started, or this one before it was killed. Starts nothing.
 * A step whose wrapper was killed is still running while its command runs, and exited when the command's own shell said how.
 * `never-started` also when the wrapper was killed before the command began. `lost`: it ran, and nobody saw how it ended
 * (power cut, SIGKILL of the whole group, a new container); what still ran of it has been ended.
 */
export async function adopt(folder: string): Promise<Adopted> {
  const exit = readExit(folder)
  const marker = await written(() => readMarker(folder))
  if (exit !== undefined) {
    if (typeof marker === 'object' && (await stateOf(marker)) === 'gone')
      await endLeftovers({ folder, leader: marker.pid })
    await removeContainer(folder)
    removeShortLink(layout(folder).temporary)
    return { state: 'exited', exit }
  }
  if (marker === undefined) return (await closedToStarts(folder)) ? { state: 'never-started' } : adopt(folder)
  const owner = marker === 'unreadable' ? 'gone' : await stateOf(marker)
  if (owner === 'alive') return { state: 'running', step: followed(folder, marker as Marker) }
  // it ended between the two looks
  if (readExit(folder) !== undefined) return adopt(folder)
  return withoutWrapper(folder, marker, owner)
}

/**
 * A wrapper that an earlier server started may be about to take the marker: whoever takes it first decides. True when that
 * was this call, and no such wrapper is left.
 */
async function closedToStarts(folder: string): Promise<boolean> {
  const { marker } = layout(folder)
  try {
    writeFileSync(marker, '', { flag: 'wx' })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return true
    throw error
  }
  await endOrphans(folder, undefined)
  unlinkSync(marker)
  return true
}

async function withoutWrapper(
  folder: string,
  marker: Marker | 'unreadable',
  owner: Exclude<Awaited<ReturnType<typeof stateOf>>, 'alive'>,
): Promise<Adopted> {
  const leader = marker !== 'unreadable' && owner === 'gone' ? marker.pid : undefined
  const survivor = await survivorOf(folder, leader)
  if (survivor === 'unstarted') return { state: 'never-started' }
  if (survivor !== undefined && owner !== 'other-boot')
    return {
      state: 'running',
      step: followed(folder, marker === 'unreadable' ? survivor : marker, survivor),
    }
  const ended = readEnded(folder)
  const contained = ended === undefined && marker !== 'unreadable' ? await containerState(folder) : undefined
  if (contained === 'running') return { state: 'running', step: followed(folder, marker as Marker, 'container') }
  await endOrphans(folder, leader)
  await removeContainer(folder)
  removeShortLink(layout(folder).temporary)
  if (ended !== undefined) return { state: 'exited', exit: ended }
  if (contained !== undefined)
    return { state: 'exited', exit: exitWithoutRecord(folder, contained.code, new Date().toISOString()) }
  const reason =
    owner === 'other-boot'
      ? 'the machine was restarted while it ran'
      : 'its process ended without reporting an exit code'
  return { state: 'lost', reason, startedAt: startedAt(folder) ?? new Date().toISOString() }
}

/** `group` is, or was, the wrapper; `survivor` the command, or its container, that goes on without it. */
function followed(folder: string, group: Marker, survivor?: Marker | 'container') {
  const watching = new AbortController()
  const { signal } = watching
  return follow({
    folder,
    marker: group,
    wrapperEnd: endAfter(folder, group, survivor, signal),
    timeoutSeconds: readRecord(folder).timeoutSeconds,
    letGo: () => watching.abort(),
  })
}

function endAfter(folder: string, group: Marker, survivor: Marker | 'container' | undefined, signal: AbortSignal) {
  if (survivor === 'container') return containerEnd(folder, signal)
  return endOf(folder, survivor ?? group, signal).then(() => survivorEnd(folder, group.pid, signal))
}
