import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { readFile } from 'node:fs/promises'

/** A process whose output goes to a file, in a group of its own, so that it can be ended with all it started. */
export interface LoggedProcess {
  readonly pid: number
  readonly logFile: string
  /** Resolves when the process has ended, whatever ended it. */
  readonly ended: Promise<void>
  hasEnded(): boolean
  /** Asks the whole group to end, waits, and forces it after `graceMs`. */
  stop(graceMs?: number): Promise<void>
}

export interface SpawnOptions {
  logFile: string
  cwd?: string
  env?: NodeJS.ProcessEnv
}

/**
 * The environment without what would falsify or disturb: a variable that keeps Python from writing bytecode makes every
 * start of it slower, and a platform's own variables would send a client elsewhere.
 */
export function plainEnvironment(extra: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const foreign = /^(PYTHONDONTWRITEBYTECODE|MLFLOW_.*|HAGANE_.*|AZUREML_.*)$/
  const kept = Object.entries(process.env).filter(([name]) => !foreign.test(name))
  return { ...Object.fromEntries(kept), ...extra }
}

/** Starts a program in the background; a program that cannot be started ends at once, and its log says why. */
export function spawnLogged(command: string, args: readonly string[], options: SpawnOptions): LoggedProcess {
  const log = openSync(options.logFile, 'a')
  const child = spawn(command, [...args], {
    cwd: options.cwd,
    env: options.env ?? plainEnvironment(),
    detached: true,
    stdio: ['ignore', log, log],
  })
  closeSync(log)
  let over = false
  const ended = new Promise<void>(resolve => {
    const end = () => {
      over = true
      resolve()
    }
    child.once('exit', end)
    child.once('error', end)
  })
  return {
    pid: child.pid ?? -1,
    logFile: options.logFile,
    ended,
    hasEnded: () => over,
    stop: graceMs => stopGroup(child, ended, graceMs),
  }
}

async function stopGroup(child: ChildProcess, ended: Promise<void>, graceMs = 10_000): Promise<void> {
  if (child.pid === undefined) return
  signalGroup(child.pid, 'SIGTERM')
  const forced = setTimeout(() => signalGroup(child.pid as number, 'SIGKILL'), graceMs)
  await ended
  clearTimeout(forced)
}

/** Signals a group; one that has ended already is no error. */
export function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

/** The last lines of a log, for a message that says what went wrong. */
export async function lastLines(logFile: string, count = 15): Promise<string> {
  const text = await readFile(logFile, 'utf8')
  return text.trimEnd().split('\n').slice(-count).join('\n')
}
