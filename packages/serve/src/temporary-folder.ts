import { createHash } from 'node:crypto'
import { lstat, mkdtemp, readdir, rm } from 'node:fs/promises'
import { hostname, tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'

/** Processes are told apart on one machine only, and TMPDIR may be shared with another. */
const machine = createHash('sha256').update(hostname()).digest('hex').slice(0, 8)
const pattern = new RegExp(`^hagane-serve-(?:model-)?${machine}-(\\d+)-[A-Za-z0-9]{6}$`)

/**
 * A fresh folder below TMPDIR whose name says which process of which machine has it. Those of processes of this user that
 * were killed, and so could not remove theirs, are removed first. Throws the system's error where no folder can be made.
 */
export async function temporaryFolder(kind: 'hagane-serve' | 'hagane-serve-model'): Promise<string> {
  const parent = tmpdir()
  for (const name of await readdir(parent).catch(() => [])) {
    const pid = pattern.exec(name)?.[1]
    if (pid !== undefined && !isAlive(Number(pid))) await removeOwn(join(parent, name))
  }
  return mkdtemp(join(parent, `${kind}-${machine}-${process.pid}-`))
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}

/** What is no folder of this user stays, and so does what cannot be removed: it is in nobody's way. */
async function removeOwn(path: string): Promise<void> {
  const found = await lstat(path).catch(() => undefined)
  if (found?.isDirectory() !== true || found.uid !== userInfo().uid) return
  await rm(path, { recursive: true, force: true }).catch(() => undefined)
}
