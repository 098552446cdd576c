import { chmod, lstat, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { HaganeError } from '@hagane/contract'
import { readExit, readMarker } from './exit-record.ts'
import { kept, layout } from './layout.ts'
import { startOf } from './processes.ts'
import { removeShortLink } from './temporary-link.ts'

/**
 * Removes everything of an attempt but its records: `step.json`, `log.txt`, `exit.json` and the marker that keeps it from
 * running again. Outputs at paths of their own are not touched. Throws `conflict` while the step runs.
 */
export async function clean(folder: string): Promise<void> {
  const marker = readMarker(folder)
  if (typeof marker === 'object' && readExit(folder) === undefined && (await startOf(marker.pid)) === marker.start) {
    throw new HaganeError('conflict', `the step in ${folder} is running`, { hint: 'cancel it, or wait for its end' })
  }
  removeShortLink(layout(folder).temporary)
  for (const name of await readdir(folder)) if (!kept.includes(name)) await removeAll(join(folder, name))
}

/** Folders that the command made read-only are opened first; links are removed, never followed. */
async function removeAll(path: string): Promise<void> {
  try {
    await rm(path, { recursive: true, force: true, maxRetries: 2 })
  } catch (error) {
    if (!['EACCES', 'EPERM', 'ENOTEMPTY'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error
    await makeWritable(path)
    await rm(path, { recursive: true, force: true })
  }
}

async function makeWritable(path: string): Promise<void> {
  if (!(await lstat(path)).isDirectory()) return
  await chmod(path, 0o700)
  for (const name of await readdir(path)) await makeWritable(join(path, name))
}
