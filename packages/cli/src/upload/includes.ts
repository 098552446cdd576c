import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { type LocalFile, localFile } from './stamped-file.ts'
import { type ContentKind, listFiles } from './walk.ts'
import { zipFolder } from './zip-folder.ts'

/** The files of `additional_includes`; archives that had to be made for them are gone after disposal. */
export class Includes implements Disposable {
  readonly files: readonly LocalFile[]
  #archives: string | undefined

  constructor(paths: readonly string[], kind: ContentKind) {
    this.files = paths.flatMap(path => this.#filesOf(path, kind))
  }

  /** A folder keeps its own name beside the code, a file stands at the top, `<folder>.zip` is made if it is not there. */
  #filesOf(path: string, kind: ContentKind): LocalFile[] {
    const stat = statSync(path, { throwIfNoEntry: false })
    if (stat === undefined && /\.zip$/i.test(path)) return [this.#archive(path)]
    const files = listFiles(path, kind)
    return stat?.isDirectory() ? files.map(file => ({ ...file, path: `${basename(path)}/${file.path}` })) : files
  }

  #archive(path: string): LocalFile {
    this.#archives ??= mkdtempSync(join(tmpdir(), 'hagane-zip-'))
    const file = join(this.#archives, basename(path))
    writeFileSync(file, zipFolder(path.replace(/\.zip$/i, '')))
    return localFile(basename(path), file, statSync(file, { bigint: true }))
  }

  [Symbol.dispose](): void {
    if (this.#archives !== undefined) rmSync(this.#archives, { recursive: true, force: true })
  }
}
