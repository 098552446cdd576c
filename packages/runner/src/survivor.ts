import { type FSWatcher, unlinkSync, watch } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { containerEnd } from './container/container-state.ts'
import { type Marker, readBegun, readEnded, readExit } from './exit-record.ts'
import { layout } from './layout.ts'
import { bootId, startOf } from './processes.ts'
import { endOrphans } from './stop.ts'

const POLL_MS = 100
const WRITTEN_MS = 500

type Identity = Marker | 'unreadable' | undefined

/** A record of who runs is created and filled in two steps; whoever looks in between looks again. */
export async function written(read: () => Identity): Promise<Identity> {
  const deadline = performance.now() + WRITTEN_MS
  for (;;) {
    const found = read()
    if (found !== 'unreadable' || performance.now() > deadline) return found
    await sleep(5)
  }
}

/** Whether the process that wrote the record lives; `reused`: another process has its pid now. */
export async function stateOf(marker: Marker): Promise<'alive' | 'gone' | 'reused' | 'other-boot'> {
  if (marker.boot !== '-' && marker.boot !== bootId()) return 'other-boot'
  const start = await startOf(marker.pid)
  if (start === undefined) return 'gone'
  return start === marker.start ? 'alive' : 'reused'
}

/**
 * The command of a step whose wrapper is gone without an exit code. `unstarted`: it had not begun, what was about to begin it
 * has been ended, and the folder may be started again. Otherwise its process if that still runs.
 */
export async function survivorOf(
  folder: string,
  leader: number | undefined,
): Promise<Marker | 'unstarted' | undefined> {
  if (readBegun(folder) === undefined) await endOrphans(folder, leader)
  const begun = await written(() => readBegun(folder))
  if (begun === undefined) {
    unlinkSync(layout(folder).marker)
    return 'unstarted'
  }
  return begun !== 'unreadable' && (await stateOf(begun)) === 'alive' ? begun : undefined
}

/**
 * After the wrapper's end: one that was killed leaves its command behind, or the command's container, which is waited for in
 * its place. Resolves to the exit code where only the container's engine can tell it.
 */
export async function survivorEnd(
  folder: string,
  leader: number | undefined,
  signal?: AbortSignal,
): Promise<number | null> {
  if (readExit(folder) !== undefined) return null
  const survivor = await survivorOf(folder, leader)
  if (survivor === 'unstarted') return null
  if (survivor !== undefined) await endOf(folder, survivor, signal)
  return readEnded(folder) === undefined ? containerEnd(folder, signal) : null
}

/** Not our child: a change of the folder is the hint, the process table the truth. Never settles after an abort. */
export function endOf(folder: string, marker: Marker, signal?: AbortSignal): Promise<null> {
  return new Promise(resolve => {
    let looking = false
    let watcher: FSWatcher | undefined
    const look = async () => {
      if (looking) return
      looking = true
      // a look that fails is repeated at the next poll
      const alive = (await stateOf(marker).catch(() => 'alive')) === 'alive'
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
      watcher = watch(folder, (_event, name) => void ((name === 'exit.json' || name === 'ended') && look()))
      watcher.on('error', () => watcher?.close())
    } catch {
      watcher = undefined // out of inotify watches: the poll alone is slower, not wrong
    }
    signal?.addEventListener('abort', giveUp)
    if (signal?.aborted === true) giveUp()
  })
}
