import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { chmod, lstat, mkdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { blobRoutes, type Client, HaganeError, isSafeTreePath, type TreeEntry } from '@hagane/contract'
import { fileCount, progressBar } from '../terminal/progress.ts'
import type { Surroundings } from '../terminal/terminal.ts'

/** Where downloads come from and what is shown of them. */
export interface Download {
  readonly client: Client
  readonly surroundings: Surroundings
  readonly quiet: boolean
  /** Ends it; what was begun is taken away. */
  readonly signal?: AbortSignal | undefined
}

const parallel = 4

/**
 * Writes the files below `path` of a tree into a folder and answers how many. Each file is checked against its digest
 * and appears under its name only when it is whole. Paths that would leave the folder, also through a symbolic link that
 * lies there, are refused.
 */
export async function saveTree(download: Download, digest: string, path: string, folder: string): Promise<number> {
  const manifest = await download.client.call(blobRoutes.getTree, { params: { digest }, ...within(download) })
  const entries = entriesBelow(manifest.entries, path)
  if (entries.length === 0 && path !== '') {
    throw new HaganeError('not_found', `the tree ${digest} holds no '${path}'`)
  }
  const total = entries.reduce((sum, entry) => sum + entry.size, 0)
  const bar = progressBar(`downloading ${fileCount(entries.length)}`, total, download.surroundings, download.quiet)
  const queue = [...entries].reverse()
  const worker = async () => {
    for (let entry = queue.pop(); entry !== undefined; entry = queue.pop()) {
      await saveFile(download, entry, folder, bar.advance).catch((error: unknown) => {
        queue.length = 0
        throw error
      })
    }
  }
  await mkdir(folder, { recursive: true })
  try {
    await Promise.all(Array.from({ length: parallel }, worker))
  } finally {
    bar.done()
  }
  return entries.length
}

/** The entries at or below a path, with paths relative to it; a file keeps its name. */
export function entriesBelow(entries: readonly TreeEntry[], path: string): TreeEntry[] {
  const clean = path.replace(/^\/+|\/+$/g, '')
  if (clean === '') return [...entries]
  const file = entries.find(entry => entry.path === clean)
  if (file !== undefined) return [{ ...file, path: clean.slice(clean.lastIndexOf('/') + 1) }]
  const prefix = `${clean}/`
  return entries
    .filter(entry => entry.path.startsWith(prefix))
    .map(entry => ({ ...entry, path: entry.path.slice(prefix.length) }))
}

const within = ({ signal }: Download) => (signal === undefined ? {} : { signal })

async function saveFile(
  download: Download,
  entry: TreeEntry,
  folder: string,
  advance: (bytes: number) => void,
): Promise<void> {
  if (!isSafeTreePath(entry.path)) {
    throw new HaganeError('invalid', `the server sent an unsafe path: ${JSON.stringify(entry.path)}`)
  }
  const target = join(folder, entry.path)
  await makeFolders(folder, dirname(entry.path))
  const draft = `${target}.${process.pid}.part`
  try {
    await fetchBlob(download, entry, draft, advance)
    if (entry.executable === true) await chmod(draft, 0o755)
    await rename(draft, target)
  } catch (error) {
    await rm(draft, { force: true })
    throw error
  }
}

async function fetchBlob(
  download: Download,
  entry: TreeEntry,
  draft: string,
  advance: (bytes: number) => void,
): Promise<void> {
  const response = await download.client.raw(blobRoutes.get, { params: { digest: entry.digest }, ...within(download) })
  const hasher = createHash('sha256')
  const count = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hasher.update(chunk)
      advance(chunk.length)
      done(null, chunk)
    },
  })
  const source = response.body === null ? Readable.from([]) : Readable.fromWeb(response.body as never)
  await pipeline(source, count, createWriteStream(draft, { flags: 'wx' }))
  const digest = hasher.digest('hex')
  if (digest !== entry.digest) {
    throw new HaganeError('internal', `${entry.path} arrived damaged: its digest is ${digest}, not ${entry.digest}`, {
      hint: 'download it again; if this repeats, the store of the server is damaged',
    })
  }
}

/** Makes the folders of a path one by one and refuses one that is a symbolic link: it could lead anywhere. */
async function makeFolders(root: string, path: string): Promise<void> {
  let folder = root
  for (const part of path === '.' ? [] : path.split('/')) {
    folder = join(folder, part)
    await mkdir(folder).catch(async (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error
      if (!(await lstat(folder)).isDirectory()) {
        throw new HaganeError('conflict', `${folder} is in the way: it is not a folder`)
      }
    })
  }
}
