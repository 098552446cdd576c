import type { Tolerance, TreeEntry, Verdict } from '@hagane/contract'
import type { BlobStore } from '../../../kernel/blobs/index.ts'
import { type Content, entriesOf, utf8Of } from '../why/compare-trees.ts'
import { compareArrays } from './compare-npy.ts'
import { compareJson, compareTexts } from './compare-text.ts'
import type { Closeness } from './numbers.ts'

export interface FileVerdict {
  path: string
  verdict: Verdict
  detail?: string
}

type Blobs = Pick<BlobStore, 'getTree' | 'readAll'>

/** Bytes of a file, above which only its digest is compared. */
const MAX_SIZE = 64 * 2 ** 20

/** The files of two contents that are not bitwise equal. `same` takes out of a text what differs in every run, `leaveOut` names files that do. */
export async function compareContents(
  blobs: Blobs,
  before: Content,
  after: Content,
  tolerance: Tolerance,
  same: (path: string, text: string) => string = (_path, text) => text,
  leaveOut: (path: string) => boolean = () => false,
): Promise<FileVerdict[]> {
  if (before.tree === after.tree && before.path === after.path) return []
  const [was, is] = [await entriesOf(blobs, before), await entriesOf(blobs, after)]
  const paths = [...new Set([...was.keys(), ...is.keys()])].filter(path => !leaveOut(path)).sort()
  const verdicts: FileVerdict[] = []
  for (const path of paths) {
    const [a, b] = [was.get(path), is.get(path)]
    if (a?.digest === b?.digest) continue
    const closeness = await compareFile(blobs, { path, a, b }, tolerance, same)
    if (closeness.verdict !== 'bitwise') verdicts.push({ path, ...closeness })
  }
  return verdicts
}

interface Pair {
  path: string
  a: TreeEntry | undefined
  b: TreeEntry | undefined
}

async function compareFile(
  blobs: Blobs,
  { path, a, b }: Pair,
  tolerance: Tolerance,
  same: (path: string, text: string) => string,
): Promise<Closeness> {
  if (a === undefined) return { verdict: 'different', detail: 'was not there' }
  if (b === undefined) return { verdict: 'different', detail: 'is not there any more' }
  if (a.size > MAX_SIZE || b.size > MAX_SIZE)
    return { verdict: 'different', detail: `more than ${MAX_SIZE / 2 ** 20} MB: compared by digest only` }
  const [was, is] = [await blobs.readAll(a.digest), await blobs.readAll(b.digest)]
  if (path.endsWith('.npy')) return compareArrays(was, is, tolerance) ?? binary
  const [before, after] = [utf8Of(was), utf8Of(is)]
  if (before === undefined || after === undefined) return binary
  const [x, y] = [same(path, before), same(path, after)]
  if (x === y) return { verdict: 'bitwise' }
  return compareJson(x, y, tolerance) ?? compareTexts(x, y, tolerance)
}

const binary: Closeness = { verdict: 'different', detail: 'binary content, which is compared bit by bit' }
