import { type FSWatcher, watch } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Marker, readExit, readMarker, startedAt } from './exit-record.ts'
import { follow } from './follow.ts'
import { layout, readRecord } from './layout.ts'
import { bootId, startOf } from './processes.ts'
import { endLeftovers, endOrphans } from './stop.ts'
import { removeShortLink } from './temporary-link.ts'
import type { Adopted } from './types.ts'

const POLL_MS = 100
const MARKER_WRITTEN_MS = 500

/**
 * What became of the step in a folder that another process started, or this one before it was killed. Starts nothing.
 * `lost`: it was started, its wrapper is gone and left no exit code (power cut, SIGKILL of the whole group, a new container);
 * what still ran of it has been ended, so that another attempt in another folder is safe.
 */
export async function adopt(folder: string): Promise<Adopted> {
  const exit = readExit(folder)
  const marker = await writtenMarker(folder)
  if (exit !== undefined) {
    if (typeof marker === 'object' && (await isOurs(marker)) === 'gone')
      await endLeftovers({ folder, leader: marker.pid })
    removeShortLink(layout(folder).temporary)
    return { state: 'exited', exit }
  }
  if (marker === undefined) return { state: 'never-started' }
  if (marker === 'unreadable') return lost(folder, undefined, 'it was killed in the moment of its start')
  const owner = await isOurs(marker)
  if (owner === 'alive') return { state: 'running', step: followAdopted(folder, marker) }
  const late = readExit(folder)
  if (late !== undefined) return { state: 'exited', exit: late }
  if (owner === 'other-boot') return lost(folder, undefined, 'the machine was restarted while it ran')
  return lost(folder, owner === 'gone' ? marker.pid : undefined, 'its process ended without reporting an exit code')
}

async function lost(folder: string, leader: number | undefined, reason: string): Promise<Adopted> {
  await endOrphans(folder, leader)
  removeShortLink(layout(folder).temporary)
  return { state: 'lost', reason, startedAt: startedAt(folder) ?? new Date().toISOString() }
}

/** The marker is created and filled in two steps; whoever looks in between looks again. */
async function writtenMarker(folder: string): Promise<ReturnType<typeof readMarker>> {
  const deadline = performance.now() + MARKER_WRITTEN_MS
  for (;;) {
    const marker = readMarker(folder)
    if (marker !== 'unreadable' || performance.now() > deadline) return marker
    await sleep(5)
  }
}

/** Whether the marker's process is the one that wrote it; `reused`: another process has its pid now. */
async function isOurs(marker: Marker): Promise<'alive' | 'gone' | 'reused' | 'other-boot'> {
  if (marker.boot !== bootId()) return 'other-boot'
  const start = await startOf(marker.pid)
  if (start === undefined) return 'gone'
  return start === marker.start ? 'alive' : 'reused'
}

function followAdopted(folder: string, marker: Marker) {
  const watching = new AbortController()
  return follow({
    folder,
    marker,
    wrapperEnd: wrapperEnd(folder, marker, watching.signal),
    timeoutSeconds: readRecord(folder).timeoutSeconds,
    letGo: () => watching.abort(),
  })
}

/** Not our child: a change of the folder is the hint, the process table the truth. Never settles after an abort. */
function wrapperEnd(folder: string, marker: Marker, signal: AbortSignal): Promise<null> {
  return new Promise(resolve => {
    let looking = false
    let watcher: FSWatcher | undefined
    const look = async () => {
      if (looking) return
      looking = true
      // a look that fails is repeated at the next poll
      const alive = (await isOurs(marker).catch(() => 'alive')) === 'alive'
      looking = false
      if (!alive) {
        giveUp()
        resolve(null)
      } else if (readExit(folder) !== undefined) setTimeout(look, 5)
    }
    const timer = setInterval(look, POLL_MS)
    const giveUp = () => {
      clearInterval(timer)
      watcher?.close()
    }
    try {
      watcher = watch(folder, (_event, name) => void (name === 'exit.json' && look()))
      watcher.on('error', () => watcher?.close())
    } catch {
      watcher = undefined // out of inotify watches: the poll alone is slower, not wrong
    }
    signal.addEventListener('abort', giveUp)
  })
}
