import { createReadStream, statSync } from 'node:fs'
import { constants, copyFile, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'

/** Blobs of data folders from before packs: one file each, `sha256/ab/cdef…`. Read for ever, written no more. */
export class LooseBlobs {
  readonly #root: string

  constructor(root: string) {
    this.#root = root
  }

  #pathOf(digest: string): string {
    return join(this.#root, digest.slice(0, 2), digest.slice(2))
  }
  /** Without waiting: a look at one name costs less than a turn of the event loop. */
  size(digest: string): number | undefined {
    return statSync(this.#pathOf(digest), { throwIfNoEntry: false })?.size
  }
  read(digest: string): Promise<Buffer> {
    return readFile(this.#pathOf(digest))
  }
  open(digest: string, range: { start: number; end: number } | undefined): Readable {
    return createReadStream(this.#pathOf(digest), range)
  }
  async copyTo(digest: string, path: string): Promise<number> {
    await copyFile(this.#pathOf(digest), path, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE)
    return (await stat(path)).size
  }
}
