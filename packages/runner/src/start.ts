import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, existsSync, openSync } from 'node:fs'
import type { Readable } from 'node:stream'
import { HaganeError } from '@hagane/contract'
import { adopt } from './adopt.ts'
import { exitWithoutRecord, readMarker } from './exit-record.ts'
import { endedStep, follow } from './follow.ts'
import { layout } from './layout.ts'
import { survivorEnd } from './survivor.ts'
import type { RunningStep, StagedStep } from './types.ts'
import { MARKER_TAKEN, wrapper } from './wrapper.ts'

/**
 * Runs a staged step, detached, in its own session and process group, with output appended to `log.txt`. Resolves when the
 * command is about to run. It runs at most once for a folder: if it runs or ran already, from here or from another
 * process, that run is returned. Throws `unavailable` when no process can be started.
 */
export async function start(staged: StagedStep): Promise<RunningStep> {
  const { folder } = staged
  if (existsSync(layout(folder).marker)) return resume(folder)
  const child = launch(staged)
  const wrapperEnd = new Promise<number | null>((resolve, reject) => {
    child.on('exit', code => resolve(code))
    child.on('error', cause => reject(cannotStart(folder, cause)))
  })
  const end = wrapperEnd.then(code => (code === null ? survivorEnd(folder, child.pid) : code))
  if (!(await Promise.race([holdsMarker(child), wrapperEnd.then(() => false)]))) {
    const code = await wrapperEnd
    if (code === MARKER_TAKEN) return resume(folder)
  }
  const marker = readMarker(folder)
  if (marker === undefined) throw cannotStart(folder)
  if (marker === 'unreadable' || marker.pid !== child.pid) return resume(folder)
  return follow({ folder, marker, wrapperEnd: end, timeoutSeconds: staged.timeoutSeconds, letGo: () => child.unref() })
}

function launch(staged: StagedStep): ChildProcess {
  const { folder } = staged
  const log = openSync(layout(folder).log, 'a', 0o600)
  try {
    return spawn('/bin/sh', ['-c', wrapper, 'hagane-step', folder, staged.command], {
      cwd: layout(folder).work,
      env: staged.environment,
      detached: true,
      stdio: ['ignore', log, log, 'pipe'],
    })
  } catch (cause) {
    throw cannotStart(folder, cause)
  } finally {
    closeSync(log)
  }
}

function cannotStart(folder: string, cause?: unknown): HaganeError {
  const why = cause === undefined ? 'its shell ended before the command' : (cause as Error).message
  return new HaganeError('unavailable', `cannot start the step in ${folder}: ${why}`, {
    hint: 'check free memory, the limit of processes and that the folder exists, then run it again',
    cause,
  })
}

/** The wrapper says `ok` on descriptor 3, or closes it. */
function holdsMarker(child: ChildProcess): Promise<boolean> {
  const pipe = child.stdio[3] as Readable | null | undefined
  return new Promise(resolve => {
    if (pipe === null || pipe === undefined) return resolve(false)
    pipe.once('data', () => {
      pipe.destroy()
      resolve(true)
    })
    pipe.once('close', () => resolve(false))
    pipe.once('error', () => resolve(false))
  })
}

async function resume(folder: string): Promise<RunningStep> {
  const found = await adopt(folder)
  if (found.state === 'running') return found.step
  const marker = readMarker(folder)
  const pid = typeof marker === 'object' ? marker.pid : 0
  if (found.state === 'exited') return endedStep(folder, pid, found.exit)
  if (found.state === 'lost') return endedStep(folder, pid, exitWithoutRecord(folder, null, new Date().toISOString()))
  throw cannotStart(folder)
}
