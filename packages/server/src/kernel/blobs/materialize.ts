import { statSync } from 'node:fs'
import { chmod, mkdir, readFile, rename, rm, statfs, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setImmediate as breathe } from 'node:timers/promises'
import { HaganeError, type TreeEntry } from '@hagane/contract'
import { newHexId } from '../ids.ts'
import type { BlobStore } from './blob-store.ts'
import { bytesIn } from './tree.ts'

const filesAtOnce = 8
/** Files that are looked at before other work gets its turn. */
const looks = 2000
const inFlight = new Map<string, Promise<string>>()

/** See BlobStore.materialize. Copies (by reference where the file system can), never hard links: a job that writes must not reach the blob. */
export function materializeTree(dataDir: string, digest: string, store: BlobStore): Promise<string> {
  const folder = join(dataDir, 'trees', digest)
  const running = inFlight.get(folder)
  if (running !== undefined) return running
  const work = restore(folder, digest, store).finally(() => inFlight.delete(folder))
  inFlight.set(folder, work)
  return work
}

async function restore(folder: string, digest: string, store: BlobStore): Promise<string> {
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
    await refuseTooLarge(fresh, bytesIn(entries))
    for (const path of new Set(entries.map(entry => dirname(entry.path)))) await makeFolder(join(fresh, path), path)
    const rest = [...entries].reverse()
    const worker = async () => {
      for (let entry = rest.pop(); entry !== undefined; entry = rest.pop()) await restoreFile(entry, fresh, store)
    }
    await Promise.all(Array.from({ length: filesAtOnce }, worker)).finally(() => rest.splice(0))
  } catch (error) {
    await rm(fresh, { recursive: true, force: true })
    throw error
  }
  await rename(fresh, folder)
  await writeFile(stamp, await signatureOf(folder, paths))
  return folder
}

/** A tree may say far more bytes than were ever sent: the same content may stand in it many times. */
async function refuseTooLarge(folder: string, size: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder)
  if (size <= bavail * bsize) return
  throw new HaganeError(
    'unavailable',
    `${size} bytes do not fit on the disk with the data folder, ${bavail * bsize} are free`,
    {
      hint: 'free some space there and try again',
    },
  )
}

async function restoreFile(entry: TreeEntry, folder: string, store: BlobStore): Promise<void> {
  const target = join(folder, entry.path)
  try {
    await store.copyTo(entry.digest, target)
    await chmod(target, entry.executable ? 0o555 : 0o444)
  } catch (cause) {
    if (cause instanceof HaganeError && cause.kind === 'not_found')
      throw new HaganeError('not_found', `${entry.path}: its content ${entry.digest} is not stored`, { cause })
    throw notLaidOut(entry.path, cause)
  }
}

const makeFolder = (folder: string, path: string) =>
  mkdir(folder, { recursive: true }).catch((cause: unknown) => Promise.reject(notLaidOut(path, cause)))

function notLaidOut(path: string, cause: unknown): HaganeError {
  const { code, message } = cause as NodeJS.ErrnoException
  return code === 'ENAMETOOLONG'
    ? new HaganeError('invalid', `${path.slice(0, 100)}…: the name is too long for a file here`, { cause })
    : new HaganeError('unavailable', `cannot lay out ${path}: ${message}`, { cause })
}

/** Size and times of every file and folder: cheap to compare, changes with any write, also of a file that does not belong here. */
async function signatureOf(folder: string, paths: readonly string[]): Promise<string> {
  const folders = new Set(['.', ...paths.flatMap(path => parentsOf(path))])
  const lines: string[] = []
  for (const path of [...folders, ...paths]) {
    if (lines.length % looks === 0) await breathe()
    const info = statSync(join(folder, path))
    lines.push(`${path}\t${info.isDirectory() ? '' : info.size}\t${info.mtimeMs}\t${info.ino}`)
  }
  return lines.join('\n')
}

const parentsOf = (path: string): string[] =>
  path
    .split('/')
    .slice(0, -1)
    .map((_, i, parts) => parts.slice(0, i + 1).join('/'))
