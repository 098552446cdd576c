import { realpathSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { type Client, HaganeError, largestChunk, treeUri } from '@hagane/contract'
import { fileCount, progressBar } from '../terminal/progress.ts'
import type { Surroundings } from '../terminal/terminal.ts'
import { BlobSender } from './blob-sender.ts'
import { sendSmallFiles } from './file-packs.ts'
import { Includes } from './includes.ts'
import { sendLargeFiles } from './large-files.ts'
import { offerFiles } from './local-files.ts'
import { changed } from './read-small.ts'
import { cacheKeyOf, SnapshotCache } from './snapshot-cache.ts'
import { type HashedFile, isUnchanged, type LocalFile } from './stamped-file.ts'
import { type ContentKind, listFiles } from './walk.ts'

/** What to upload: a file or folder, and for code the folders that are copied beside it (`additional_includes`). */
export interface Content {
  readonly path: string
  readonly kind: ContentKind
  readonly includes?: readonly string[]
  /** A folder that keeps its name: its files lie below it in the tree, and the address ends with it. */
  readonly keepsName?: boolean
}

/** Where uploads go and what is shown of them. */
export interface Upload {
  readonly client: Client
  readonly surroundings: Surroundings
  readonly quiet: boolean
}

/**
 * Uploads a file or folder and answers its address: `hagane://trees/<digest>`, with the name behind it when it was a file
 * or a folder that keeps its name. A folder in which nothing was touched since the last time is not read; of others only
 * what the server lacks is sent. A file that changes meanwhile makes one more round, then an error.
 */
export async function uploadTree(upload: Upload, content: Content): Promise<string> {
  using includes = new Includes(content.includes ?? [], content.kind)
  const isFile = content.includes === undefined && statSync(content.path, { throwIfNoEntry: false })?.isFile() === true
  const name = isFile || content.keepsName === true ? basename(content.path) : ''
  for (let round = 1; ; round += 1) {
    const listedAt = Date.now()
    const files = mergedFiles(content, includes.files)
    try {
      return treeUri(await storeFiles(upload, cacheFor(upload, content, files), files, listedAt), name)
    } catch (error) {
      if (round === 2 || files.every(isUnchanged)) throw error
    }
  }
}

function mergedFiles(content: Content, included: readonly LocalFile[]): LocalFile[] {
  const own = listFiles(content.path, content.kind)
  const files = included.length === 0 ? own : merged([...own, ...included])
  if (files.length === 0) {
    throw new HaganeError('invalid', `there is no file to upload in ${content.path}`, {
      hint: content.kind === 'code' ? 'look at .amlignore or .gitignore there' : 'an empty folder cannot be uploaded',
    })
  }
  if (content.keepsName !== true || !statSync(content.path).isDirectory()) return files
  return files.map(file => ({ ...file, path: `${basename(content.path)}/${file.path}` }))
}

function merged(files: readonly LocalFile[]): LocalFile[] {
  const byPath = new Map<string, LocalFile>()
  for (const file of files) {
    const other = byPath.get(file.path)
    if (other !== undefined && other.file !== file.file) {
      throw new HaganeError('invalid', `${other.file} and ${file.file} would both become ${file.path}`, {
        hint: 'rename one of them, or take it out of additional_includes',
      })
    }
    byPath.set(file.path, file)
  }
  return [...byPath.values()].sort((a, b) => (a.path < b.path ? -1 : 1))
}

function cacheFor({ surroundings }: Upload, content: Content, files: readonly LocalFile[]): SnapshotCache | undefined {
  if (!SnapshotCache.isWorthIt(files)) return undefined
  const folder = surroundings.env.XDG_CACHE_HOME || join(surroundings.home, '.cache')
  const { path, kind, includes = [], keepsName = false } = content
  return new SnapshotCache(folder, [realpathSync(path), kind, includes, keepsName])
}

/** Stores files as a tree; its digest. */
async function storeFiles(
  upload: Upload,
  cache: SnapshotCache | undefined,
  files: readonly LocalFile[],
  listedAt: number,
): Promise<string> {
  const sender = new BlobSender(upload.client)
  const known = cache?.read(files)
  if (known?.tree !== undefined && (await sender.hasTree(known.tree))) return known.tree
  const hashed = await sendFiles(upload, sender, files, known?.digests() ?? new Map())
  const moved = hashed.find(file => !isUnchanged(file))
  if (moved !== undefined) throw changed(moved.file)
  const entries = hashed.map(({ path, digest, size, executable }) => ({
    path,
    digest,
    size,
    ...(executable ? { executable } : {}),
  }))
  const tree = await sender.putTree(entries)
  cache?.write(hashed, tree, listedAt)
  return tree
}

/** Reads what is not known and sends what is not there; the files with their digests, in the same order. */
async function sendFiles(
  { surroundings, quiet }: Upload,
  sender: BlobSender,
  files: readonly LocalFile[],
  known: ReadonlyMap<string, string>,
): Promise<HashedFile[]> {
  const missing = new Set(known.size === 0 ? [] : await sender.missing([...new Set(known.values())]))
  const found = new Map<LocalFile, HashedFile>()
  for (const file of files) {
    const digest = known.get(cacheKeyOf(file))
    if (digest !== undefined && !missing.has(digest)) found.set(file, { ...file, digest })
  }
  const unread = files.filter(file => !found.has(file))
  const total = unread.reduce((sum, file) => sum + file.size, 0)
  const bar = progressBar(`storing ${fileCount(unread.length)} of ${files.length}`, total, surroundings, quiet)
  try {
    const offered = await offerFiles(sender, unread, bar.advance)
    for (const [i, file] of unread.entries()) if (offered[i] !== undefined) found.set(file, offered[i])
    const left = unread.filter(file => !found.has(file))
    const small = left.filter(file => file.size <= largestChunk)
    const sent = await sendSmallFiles(sender, small, bar.advance)
    const large = left.filter(file => file.size > largestChunk)
    for (const [i, file] of small.entries()) {
      const hashed = sent[i]
      if (hashed === undefined) large.push(file)
      else found.set(file, hashed)
    }
    const chunked = await sendLargeFiles(sender, large, bar.advance)
    for (const [i, file] of large.entries()) found.set(file, chunked[i] as HashedFile)
  } finally {
    bar.done()
  }
  return files.flatMap(file => found.get(file) ?? [])
}
