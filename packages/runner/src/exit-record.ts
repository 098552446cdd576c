import { readFileSync, statSync } from 'node:fs'
import { engineFailure } from './container/container-state.ts'
import { layout } from './layout.ts'
import { readFailedRank } from './ranks/rank-files.ts'
import type { StepExit } from './types.ts'

/** Who runs, or ran, the step: the wrapper's identity as it wrote it. */
export interface Marker {
  pid: number
  boot: string
  start: string
  startedAt: string
}

const contentOf = (path: string): { text: string; time: string } | undefined => {
  try {
    return { text: readFileSync(path, 'latin1'), time: statSync(path).mtime.toISOString() }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** Who runs, or ran, the command itself; `undefined`: it has not begun. */
export const readBegun = (folder: string): Marker | 'unreadable' | undefined => readIdentity(layout(folder).begun)

/** `undefined`: nobody has started the step; 'unreadable': taken, but its owner has not (yet) written who it is. */
export const readMarker = (folder: string): Marker | 'unreadable' | undefined => readIdentity(layout(folder).marker)

function readIdentity(path: string): Marker | 'unreadable' | undefined {
  const found = contentOf(path)
  if (found === undefined) return undefined
  if (!found.text.endsWith('\n')) return 'unreadable'
  const [pid, boot = '-', start = ''] = found.text.slice(0, -1).split('\t')
  if (!/^\d+$/.test(pid ?? '')) return 'unreadable'
  return { pid: Number(pid), boot, start: startTicks(start), startedAt: found.time }
}

/** Field 22 of a /proc/<pid>/stat line; a line of `ps -o lstart=` stays as it is. */
function startTicks(text: string): string {
  const end = text.lastIndexOf(')')
  return end < 0 ? text.trim() : (text.slice(end + 2).split(' ')[22 - 3] ?? '')
}

/** How the step ended, or undefined while the wrapper has not said so. Half a line is not believed. */
export const readExit = (folder: string): StepExit | undefined => exitIn(folder, layout(folder).exit)

/** The same as the command's own shell said it: only to be asked when the wrapper is gone without a word. */
export const readEnded = (folder: string): StepExit | undefined => exitIn(folder, layout(folder).ended)

function exitIn(folder: string, path: string): StepExit | undefined {
  const found = contentOf(path)
  const code = /^\{"code":(\d+)\}\n$/.exec(found?.text ?? '')?.[1]
  if (found === undefined || code === undefined) return undefined
  const stop = contentOf(layout(folder).stop)
  const reason = stop !== undefined && stop.time <= found.time ? stopReason(stop.text) : 'exited'
  const engine = reason === 'exited' && code !== '0' ? engineFailure(folder) : undefined
  const rank = reason === 'exited' && code !== '0' ? readFailedRank(folder)?.rank : undefined
  const times = { startedAt: startedAt(folder) ?? found.time, endedAt: found.time }
  return {
    code: Number(code),
    reason,
    ...(rank === undefined ? {} : { rank }),
    ...(engine === undefined ? {} : { engine }),
    ...times,
  }
}

const stopReason = (text: string): StepExit['reason'] => (text.startsWith('timeout') ? 'timeout' : 'canceled')

/** When the command was started: the marker's time. */
export const startedAt = (folder: string): string | undefined => contentOf(layout(folder).marker)?.time

/** The exit of a step whose wrapper ended without a word; a stop that was asked for still names the reason. */
export function exitWithoutRecord(folder: string, code: number | null, endedAt: string): StepExit {
  const stop = contentOf(layout(folder).stop)
  const silent = readBegun(folder) === undefined ? 'unstarted' : 'lost'
  const reason = stop === undefined ? (code === null ? silent : 'exited') : stopReason(stop.text)
  return { code, reason, startedAt: startedAt(folder) ?? endedAt, endedAt }
}
