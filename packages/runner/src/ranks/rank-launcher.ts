import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Distribution } from '../types.ts'
import { ranksFolder, writeRequest } from './rank-files.ts'

/** The supervisor as one file's text, where it became part of a bundle. */
declare const HAGANE_RANKS_SUPERVISOR: string | undefined

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`

/** Leaves in the step's folder what the supervisor needs, and returns the command that starts it in the command's place. */
export function launcherOf(folder: string, command: string, distribution: Distribution): string {
  mkdirSync(ranksFolder(folder), { recursive: true, mode: 0o700 })
  writeRequest(folder, { command, distribution })
  const start = [process.execPath, '--disable-warning=ExperimentalWarning', supervisor(folder), folder]
  // the shell stays, since it notes the end of the step, also when it is asked to stop before all ranks have ended
  return `trap : HUP INT QUIT TERM\n${start.map(quoted).join(' ')}\nexit "$?"`
}

function supervisor(folder: string): string {
  if (typeof HAGANE_RANKS_SUPERVISOR === 'undefined')
    return fileURLToPath(new URL('./supervise-process.ts', import.meta.url))
  const path = join(ranksFolder(folder), 'supervise.mjs')
  writeFileSync(path, HAGANE_RANKS_SUPERVISOR)
  return path
}
