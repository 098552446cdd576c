import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, readFile, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { HaganeError } from '@hagane/contract'

/** Text of a file; undefined when there is none. Throws `invalid` that names a file which cannot be read. */
export const readText = (path: string): Promise<string | undefined> => unlessMissing(path, () => readFile(path, 'utf8'))

/** SHA-256 of a file, in hexadecimal; undefined when there is none. Throws `invalid` as `readText` does. */
export const digestOfFile = (path: string): Promise<string | undefined> =>
  unlessMissing(path, async () => {
    const hash = createHash('sha256')
    await pipeline(createReadStream(path), hash)
    return hash.digest('hex')
  })

async function unlessMissing<T>(path: string, read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read()
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw unreadable(path, error as NodeJS.ErrnoException)
  }
}

const reasons: Record<string, string> = { EISDIR: 'it is a folder', EACCES: 'permission is denied' }

/** What to say of a file or folder that is there and cannot be read. */
export const unreadable = (path: string, cause: NodeJS.ErrnoException): HaganeError =>
  new HaganeError('invalid', `${path} cannot be read: ${reasons[cause.code ?? ''] ?? cause.message}`, { cause })

/**
 * Makes a folder and those above it. Throws the system's error, also in places like /proc, where Node's own recursive mkdir
 * tries for ever (it takes ENOENT for a parent that is missing).
 */
export async function makeFolder(path: string, mode = 0o777): Promise<void> {
  if (await isFolder(path)) return
  if (!(await isFolder(dirname(path)))) await makeFolder(dirname(path), mode)
  await mkdir(path, { mode }).catch(async (error: NodeJS.ErrnoException) => {
    // another process may have been faster
    if (error.code !== 'EEXIST' || !(await isFolder(path))) throw error
  })
}

const isFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    info => info.isDirectory(),
    () => false,
  )
