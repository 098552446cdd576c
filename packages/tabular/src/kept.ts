import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** What a reader makes of files and wants again for its next requests, in a folder that goes with the reader. */
export interface Kept extends AsyncDisposable {
  readonly folder: string
  /** What was made under this key, or what `make` makes now; it may write files whose names begin with `prefix`. What fails is forgotten. */
  once<T>(key: string, make: (prefix: string) => Promise<T>): Promise<T>
}

export async function openKept(): Promise<Kept> {
  const folder = await mkdtemp(join(tmpdir(), 'hagane-reader-'))
  const made = new Map<string, Promise<unknown>>()
  let files = 0
  return {
    folder,
    once<T>(key: string, make: (prefix: string) => Promise<T>) {
      const known = made.get(key) as Promise<T> | undefined
      if (known !== undefined) return known
      const making = make(join(folder, String(files++)))
      made.set(key, making)
      making.catch(() => made.delete(key))
      return making
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  }
}
