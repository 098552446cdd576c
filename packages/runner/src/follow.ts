import { askContainerToEnd, removeContainer } from './container/container-state.ts'
import type { Marker } from './exit-record.ts'
import { exitWithoutRecord, readEnded, readExit } from './exit-record.ts'
import { layout } from './layout.ts'
import { endLeftovers, endOrphans, endTree, recordStop } from './stop.ts'
import { removeShortLink } from './temporary-link.ts'
import type { RunningStep, StepExit } from './types.ts'

const GRACE_SECONDS = 10
const RETRY_MS = 1000
const LONGEST_TIMER_MS = 2 ** 31 - 1

const never = new Promise<StepExit>(() => undefined)

export interface Followed {
  folder: string
  marker: Marker
  /** Resolves when the wrapper and the command have ended, with the wrapper's exit code if that could be seen. */
  wrapperEnd: Promise<number | null>
  timeoutSeconds: number | undefined
  /** Gives up watching, without touching the process. */
  letGo(): void
}

/** A step whose wrapper is alive, or was when we looked: waits for its end, ends it on request or when its time is up. */
export function follow(followed: Followed): RunningStep {
  const { folder, marker } = followed
  const tree = { folder, leader: marker.pid }
  let released = false
  let stopping: Promise<void> | undefined
  const stop = async (reason: 'canceled' | 'timeout', graceSeconds: number) => {
    if (released || readExit(folder) !== undefined) return
    recordStop(folder, reason)
    await askContainerToEnd(folder)
    stopping = endTree(tree, graceSeconds * 1000)
    await stopping
    await removeContainer(folder)
  }
  const cancelTimer = atDeadline(followed, () => stop('timeout', GRACE_SECONDS))
  const exit = followed.wrapperEnd.then(async code => {
    cancelTimer()
    // the client of a container ends before the container does
    await stopping?.catch(() => undefined)
    return released ? await never : await settle(tree, code)
  })
  return {
    folder,
    pid: marker.pid,
    startedAt: marker.startedAt,
    exit,
    async cancel(graceSeconds = GRACE_SECONDS) {
      await stop('canceled', graceSeconds)
      if (!released) await exit
    },
    release() {
      released = true
      cancelTimer()
      followed.letGo()
    },
  }
}

/** Nothing of the step runs any more when this resolves. */
async function settle(tree: { folder: string; leader: number }, code: number | null): Promise<StepExit> {
  const endedAt = new Date().toISOString()
  const exit = readExit(tree.folder)
  const end = exit !== undefined || code !== null ? endLeftovers(tree) : endOrphans(tree.folder, tree.leader)
  // without a process table (no /proc and a failing ps) the exit is known all the same
  await end.catch(() => undefined)
  await removeContainer(tree.folder)
  removeShortLink(layout(tree.folder).temporary)
  const said = exit ?? readExit(tree.folder) ?? (code === null ? readEnded(tree.folder) : undefined)
  return said ?? exitWithoutRecord(tree.folder, code, endedAt)
}

/**
 * Calls back `timeoutSeconds` after the command's start, however often the server was restarted, and again when that fails
 * (a full disk, no process to be had). Returns the undo.
 */
function atDeadline(followed: Followed, act: () => Promise<void>): () => void {
  if (followed.timeoutSeconds === undefined) return () => undefined
  const deadline = Date.parse(followed.marker.startedAt) + followed.timeoutSeconds * 1000
  let timer: NodeJS.Timeout
  const attempt = () => {
    act().catch(() => {
      timer = setTimeout(attempt, RETRY_MS)
    })
  }
  const arm = () => {
    const left = deadline - Date.now()
    timer = left > LONGEST_TIMER_MS ? setTimeout(arm, LONGEST_TIMER_MS) : setTimeout(attempt, Math.max(0, left))
  }
  arm()
  return () => clearTimeout(timer)
}

/** A step that has ended, in the form of one that runs. */
export const endedStep = (folder: string, pid: number, exit: StepExit): RunningStep => ({
  folder,
  pid,
  startedAt: exit.startedAt,
  exit: Promise.resolve(exit),
  cancel: async () => undefined,
  release: () => undefined,
})
