import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach } from 'vitest'
import { type StagedStep, type StepExit, type StepPlan, stage, start } from '../index.ts'
import { type FolderStore, folderStore } from './folder-store.ts'

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

/** A fresh folder, removed after the test; links in its path are resolved. */
export function freshFolder(): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'hg-')))
  folders.push(folder)
  return folder
}

export const freshStore = (shared = true): FolderStore => folderStore(freshFolder(), { shared })

export const planOf = (command: string, more: Partial<StepPlan> = {}): StepPlan => ({
  name: 'step',
  folder: join(freshFolder(), '1'),
  render: () => command,
  inputs: [],
  outputs: [],
  environment: {},
  ...more,
})

export const staged = (command: string, more: Partial<StepPlan> = {}): Promise<StagedStep> =>
  stage(planOf(command, more), freshStore())

export interface Ran {
  folder: string
  exit: StepExit
  log: string
}

/** Stages, starts and awaits a command. */
export async function runCommand(command: string, more: Partial<StepPlan> = {}): Promise<Ran> {
  const step = await staged(command, more)
  const exit = await (await start(step)).exit
  return { folder: step.folder, exit, log: logOf(step.folder) }
}

export const logOf = (folder: string): string => readFileSync(join(folder, 'log.txt'), 'utf8')

/** Waits for a condition that will come true; the test's own time limit ends it otherwise. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(5)
}

/** Waits for a file with a whole line and returns it. */
export async function lineIn(path: string): Promise<string> {
  await until(() => existsSync(path) && readFileSync(path, 'utf8').endsWith('\n'))
  return readFileSync(path, 'utf8').trim()
}

/** False as soon as the process has ended; a zombie has. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
  } catch {
    return false
  }
  if (!existsSync('/proc/self/stat')) return true
  return existsSync(`/proc/${pid}/stat`) && !/\) [ZX]/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
}
