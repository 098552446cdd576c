import { statSync } from 'node:fs'
import { basename } from 'node:path'
import { blobRoutes, type Client, HaganeError, treeUri } from '@hagane/contract'
import { fileCount, progressBar, showsProgress } from '../terminal/progress.ts'
import type { Surroundings } from '../terminal/terminal.ts'
import { changed, type HashedFile, hashFile, isUnchanged } from './hash-file.ts'
import { Includes } from './includes.ts'
import { missingBlobs, storeBlobs } from './store-blobs.ts'
import { type ContentKind, type LocalFile, listFiles } from './walk.ts'

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
 * or a folder that keeps its name. Only content that the server lacks is sent. A file that changes meanwhile makes one more
 * round, then an error.
 */
export async function uploadTree(upload: Upload, content: Content): Promise<string> {
  using includes = new Includes(content.includes ?? [], content.kind)
  const files = mergedFiles(content, includes.files)
  if (files.length === 0) {
    throw new HaganeError('invalid', `there is no file to upload in ${content.path}`, {
      hint: content.kind === 'code' ? 'look at .amlignore or .gitignore there' : 'an empty folder cannot be uploaded',
    })
  }
  const isFile = content.includes === undefined && statSync(content.path).isFile()
  const name = isFile || content.keepsName === true ? basename(content.path) : ''
  for (let round = 1; ; round += 1) {
    const hashed = await hashAll(upload, files)
    try {
      return treeUri(await storeTree(upload, hashed), name)
    } catch (error) {
      if (round === 2 || hashed.every(isUnchanged)) throw error
    }
  }
}

function mergedFiles(content: Content, included: readonly LocalFile[]): LocalFile[] {
  const byPath = new Map<string, LocalFile>()
  for (const file of [...listFiles(content.path, content.kind), ...included]) {
    const other = byPath.get(file.path)
    if (other !== undefined && other.file !== file.file) {
      throw new HaganeError('invalid', `${other.file} and ${file.file} would both become ${file.path}`, {
        hint: 'rename one of them, or take it out of additional_includes',
      })
    }
    byPath.set(file.path, file)
  }
  const below = content.keepsName === true && statSync(content.path).isDirectory() ? `${basename(content.path)}/` : ''
  const files = [...byPath.values()].sort((a, b) => (a.path < b.path ? -1 : 1))
  return files.map(file => ({ ...file, path: `${below}${file.path}` }))
}

async function hashAll(upload: Upload, files: readonly LocalFile[]): Promise<HashedFile[]> {
  const { surroundings, quiet } = upload
  const total = showsProgress(surroundings, quiet) ? sizeOf(files) : 0
  const bar = progressBar(`reading ${fileCount(files.length)}`, total, surroundings, quiet)
  const hashed: HashedFile[] = []
  try {
    for (const file of files) hashed.push(await hashFile(file, bar.advance))
  } finally {
    bar.done()
  }
  return hashed
}

const sizeOf = (files: readonly LocalFile[]) =>
  files.reduce((sum, { file }) => sum + (statSync(file, { throwIfNoEntry: false })?.size ?? 0), 0)

async function storeTree(upload: Upload, files: readonly HashedFile[]): Promise<string> {
  const missing = await missingBlobs(upload.client, files)
  const bytes = missing.reduce((sum, file) => sum + file.size, 0)
  const bar = progressBar(`uploading ${fileCount(missing.length)}`, bytes, upload.surroundings, upload.quiet)
  try {
    await storeBlobs(upload.client, missing, bar)
  } finally {
    bar.done()
  }
  const moved = files.find(file => !isUnchanged(file))
  if (moved !== undefined) throw changed(moved.file)
  const entries = files.map(({ path, digest, size, executable }) => ({
    path,
    digest,
    size,
    ...(executable ? { executable } : {}),
  }))
  return (await upload.client.call(blobRoutes.putTree, { body: { entries } })).digest
}
