import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { HaganeError, isSafeTreePath } from '@hagane/contract'
import type { MemoryKills } from './memory-kills.ts'
import { failedRankFile } from './ranks/rank-files.ts'
import type { StepOutput, StepPaths } from './types.ts'

/** What lies in the folder of one attempt. `clean` removes the parts that `kept` does not name. */
export const layout = (folder: string) => ({
  /** working directory of the command: the code, `outputs/` and `logs/` */
  work: join(folder, 'work'),
  inputs: join(folder, 'inputs'),
  outputs: join(folder, 'outputs-named'),
  temporary: join(folder, 'tmp'),
  packages: join(folder, 'venv'),
  /** the command as it is run, for people */
  command: join(folder, 'run.sh'),
  record: join(folder, 'step.json'),
  log: join(folder, 'log.txt'),
  /** taken exclusively by the wrapper before the command: `<pid> TAB <boot> TAB <process start>`; its mtime is the start */
  marker: join(folder, 'started'),
  /** why the process tree is being ended: `canceled` or `timeout` */
  stop: join(folder, 'stopped'),
  /** `{"code":n}`, written by the wrapper after the command; its mtime is the end */
  exit: join(folder, 'exit.json'),
  /** what the command's bash reads first */
  prelude: join(folder, 'prelude.sh'),
  /** written by the command's bash before the command, in the form of `marker`: from here on it is never started again */
  begun: join(folder, 'begun'),
  /** `{"code":n}`, written by the command's bash at its end: counts when the wrapper was killed */
  ended: join(folder, 'ended'),
  /** processor time as the wrapper's shell tells it after the command, see times(1p) */
  times: join(folder, 'times'),
  /** what was measured of the step so far */
  usage: join(folder, 'usage.json'),
  /** of a step in a container: its variables as shell text, emptied once the container has read them */
  variables: join(folder, 'variables.sh'),
  /** written by the container's first process: what goes wrong from here on is the command's affair */
  contained: join(folder, 'contained'),
  /** what the engine's client said */
  engineWords: join(folder, 'engine.txt'),
})

export const kept: readonly string[] = [
  ...['step.json', 'log.txt', 'started', 'stopped', 'exit.json', 'begun', 'ended', 'times', 'usage.json'],
  ...['contained', 'engine.txt'],
  failedRankFile,
]

/** step.json: what adopting and collecting need to know. Names of variables, never their values. */
export interface StepRecord {
  name: string
  command: string
  paths: StepPaths
  outputs: (StepOutput & { path: string })[]
  environment: string[]
  python?: string
  timeoutSeconds?: number
  /** The command runs in a container of this engine. */
  container?: { engine: string; image: string } | undefined
  /** Before the command: what it is afterwards tells whether memory ran out. */
  memoryKills?: MemoryKills | undefined
}

export function writeRecord(folder: string, record: StepRecord): void {
  writeFileSync(layout(folder).record, `${JSON.stringify(record, null, 2)}\n`, { mode: 0o600 })
}

/** Throws `not_found` when the folder holds no staged step. */
export function readRecord(folder: string): StepRecord {
  try {
    return JSON.parse(readFileSync(layout(folder).record, 'utf8')) as StepRecord
  } catch (cause) {
    throw new HaganeError('not_found', `there is no staged step in ${folder}`, { cause })
  }
}

/** The same, undefined where there is none, or half of one. */
export function recordIn(folder: string): StepRecord | undefined {
  try {
    return readRecord(folder)
  } catch {
    return undefined
  }
}

/** A name of an input or output becomes a folder's name, so it may not lead anywhere else. Throws `invalid`. */
export function checkPortName(kind: 'input' | 'output', name: string): void {
  if (isSafeTreePath(name) && !name.includes('/') && name.length <= 200) return
  throw new HaganeError('invalid', `${kind} name ${JSON.stringify(name)} cannot be a folder's name`, {
    hint: 'use letters, digits, _ and - (at most 200 characters)',
    details: [{ property: `${kind}s.${name}`, message: 'not usable as a folder name', sent: name }],
  })
}
