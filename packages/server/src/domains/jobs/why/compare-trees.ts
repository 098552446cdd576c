import type { FileChange, LineDiff, TreeEntry } from '@hagane/contract'
import { structuredPatch } from 'diff'
import { type BlobStore, subtree } from '../../../kernel/blobs/index.ts'

/** A place in a tree: the whole of it, a folder, or one file. */
export interface Content {
  tree: string
  path: string
}

export interface TreeChanges {
  files: FileChange[]
  /** How many more changed than are listed. */
  files_cut?: number
}

type Blobs = Pick<BlobStore, 'getTree' | 'has' | 'readAll'>

const MAX_FILES = 50
const MAX_DIFFED_FILES = 10
/** Bytes of a file, above which its lines are not compared. */
const MAX_DIFFED_SIZE = 256 * 1024
const MAX_LINES = 200
/** Edits after which the comparison of two files gives up: it is quadratic in them. */
const MAX_EDITS = 2000

/** Files that came, went or changed; with `lines`, the differing lines of text files. Content that is gone has no changes to tell. */
export async function compareTrees(
  blobs: Blobs,
  before: Content,
  after: Content,
  lines: boolean,
): Promise<TreeChanges | undefined> {
  if (!(await blobs.has(before.tree)) || !(await blobs.has(after.tree))) return undefined
  const [was, is] = [await entriesOf(blobs, before), await entriesOf(blobs, after)]
  const paths = [...new Set([...was.keys(), ...is.keys()])].sort()
  const changed = paths.filter(path => changeOf(was.get(path), is.get(path)) !== undefined)
  const files: FileChange[] = []
  for (const path of changed.slice(0, MAX_FILES)) {
    const [a, b] = [was.get(path), is.get(path)]
    const change = changeOf(a, b) as FileChange['change']
    const diff = lines && files.length < MAX_DIFFED_FILES && change !== 'mode' ? await diffOf(blobs, a, b) : undefined
    files.push({ path, change, ...(diff === undefined ? {} : { diff }) })
  }
  return { files, ...(changed.length > MAX_FILES ? { files_cut: changed.length - MAX_FILES } : {}) }
}

/** The files of a content by their paths in it. Throws not_found. */
export async function entriesOf(
  blobs: Pick<BlobStore, 'getTree'>,
  { tree, path }: Content,
): Promise<Map<string, TreeEntry>> {
  return new Map(subtree(await blobs.getTree(tree), path).map(entry => [entry.path, entry]))
}

function changeOf(before: TreeEntry | undefined, after: TreeEntry | undefined): FileChange['change'] | undefined {
  if (before === undefined) return 'added'
  if (after === undefined) return 'removed'
  if (before.digest !== after.digest) return 'changed'
  return before.executable === after.executable ? undefined : 'mode'
}

async function diffOf(blobs: Blobs, a: TreeEntry | undefined, b: TreeEntry | undefined): Promise<LineDiff | undefined> {
  const [before, after] = [await textOf(blobs, a), await textOf(blobs, b)]
  return before === undefined || after === undefined ? undefined : diffLines(before, after)
}

/** The text of a file; undefined when it is large, not UTF-8, or gone. */
async function textOf(blobs: Blobs, entry: TreeEntry | undefined): Promise<string | undefined> {
  if (entry === undefined) return ''
  if (entry.size > MAX_DIFFED_SIZE || !(await blobs.has(entry.digest))) return undefined
  return utf8Of(await blobs.readAll(entry.digest))
}

/** Undefined when the bytes are no text. */
export function utf8Of(bytes: Buffer): string | undefined {
  if (bytes.includes(0)) return undefined
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return undefined
  }
}

/** Unified lines of what differs, with two lines of context; undefined when the texts have too little in common to tell. */
export function diffLines(before: string, after: string): LineDiff | undefined {
  const patch = structuredPatch('', '', before, after, '', '', { context: 2, maxEditLength: MAX_EDITS })
  if (patch === undefined) return undefined
  const lines = patch.hunks.flatMap(hunk => [
    `@@ -${hunk.oldStart},${hunk.oldLines} +${hunk.newStart},${hunk.newLines} @@`,
    ...hunk.lines,
  ])
  return { lines: lines.slice(0, MAX_LINES), cut: lines.length > MAX_LINES }
}
