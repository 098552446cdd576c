import { constants } from 'node:fs'
import { chmod, copyFile, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { HaganeError, type TreeEntry } from '@hagane/contract'
import { newHexId } from '../ids.ts'
import type { BlobStore } from './blob-store.ts'

type PathOf = (digest: string) => string
const inFlight = new Map<string, Promise<string>>()

/** See BlobStore.materialize. Copies (by reference where the file system can), never hard links: a job that writes must not reach the blob. */
export function materializeTree(dataDir: string, digest: string, store: BlobStore, pathOf: PathOf): Promise<string> {
  const folder = join(dataDir, 'trees', digest)
  const running = inFlight.get(folder)
  if (running !== undefined) return running
  const work = restore(folder, digest, store, pathOf).finally(() => inFlight.delete(folder))
  inFlight.set(folder, work)
  return work
}

async function restore(folder: string, digest: string, store: BlobStore, pathOf: PathOf): Promise<string> {
  const stamp = `${folder}.stat`
  const known = await readFile(stamp, 'utf8').catch(() => undefined)
  const { entries } = await store.getTree(digest)
  const paths = entries.map(entry => entry.path)
  if (known !== undefined && known === (await signatureOf(folder, paths).catch(() => ''))) return folder
  await rm(stamp, { force: true })
  await rm(folder, { recursive: true, force: true })
  const fresh = `${folder}.${newHexId()}`
  await mkdir(fresh, { recursive: true })
  try {
    for (const entry of entries) await restoreFile(entry, fresh, pathOf)
  } catch (error) {
    await rm(fresh, { recursive: true, force: true })
    throw error
  }
  await rename(fresh, folder)
  await writeFile(stamp, await signatureOf(folder, paths))
  return folder
}

async function restoreFile(entry: TreeEntry, folder: string, pathOf: PathOf): Promise<void> {
  const target = join(folder, entry.path)
  try {
    await mkdir(dirname(target), { recursive: true })
    await copyFile(pathOf(entry.digest), target, constants.COPYFILE_FICLONE)
    await chmod(target, entry.executable ? 0o555 : 0o444)
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    if (code === 'ENOENT')
      throw new HaganeError('not_found', `${entry.path}: its content ${entry.digest} is not stored`, { cause })
    if (code === 'ENAMETOOLONG')
      throw new HaganeError('invalid', `${entry.path.slice(0, 100)}…: the name is too long for a file here`, { cause })
    throw new HaganeError('unavailable', `cannot lay out ${entry.path}: ${message}`, { cause })
  }
}

/** Size and times of every file and folder: cheap to compare, changes with any write, also of a file that does not belong here. */
async function signatureOf(folder: string, paths: readonly string[]): Promise<string> {
  const folders = new Set(['.', ...paths.flatMap(path => parentsOf(path))])
  const lines: string[] = []
  for (const path of [...folders, ...paths]) {
    const info = await stat(join(folder, path))
    lines.push(`${path}\t${info.isDirectory() ? '' : info.size}\t${info.mtimeMs}\t${info.ino}`)
  }
  return lines.join('\n')
}

const parentsOf = (path: string): string[] =>
  path
    .split('/')
    .slice(0, -1)
    .map((_, i, parts) => parts.slice(0, i + 1).join('/'))
