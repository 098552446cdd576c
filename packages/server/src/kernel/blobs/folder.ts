import { lstat, readdir, realpath, stat } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { HaganeError, type TreeEntry } from '@hagane/contract'
import type { StoredBlob } from './blob-store.ts'

/** Walks a folder into tree entries. A link out of the folder, a cycle or a special file is refused. */
export async function folderEntries(root: string, store: (file: string) => Promise<StoredBlob>): Promise<TreeEntry[]> {
  const realRoot = await realpath(root)
  const entries: TreeEntry[] = []
  const visit = async (folder: string, above: readonly string[]): Promise<void> => {
    for (const name of (await readdir(folder)).sort()) {
      const path = join(folder, name)
      await refuseEscape(realRoot, path)
      const info = await stat(path)
      if (info.isDirectory()) {
        const real = await realpath(path)
        if (above.includes(real)) throw new HaganeError('invalid', `a symbolic link makes a cycle: ${path}`)
        await visit(path, [...above, real])
      } else if (info.isFile()) {
        const { digest, size } = await store(path)
        entries.push({
          path: relative(root, path).split(sep).join('/'),
          digest,
          size,
          ...(info.mode & 0o100 ? { executable: true } : {}),
        })
      } else throw new HaganeError('invalid', `neither a file nor a folder: ${path}`)
    }
  }
  await visit(root, [realRoot])
  return entries
}

async function refuseEscape(realRoot: string, path: string): Promise<void> {
  if (!(await lstat(path)).isSymbolicLink()) return
  const target = await realpath(path).catch(() => undefined)
  if (target === undefined || (target !== realRoot && !target.startsWith(realRoot + sep)))
    throw new HaganeError('invalid', `a symbolic link leads out of the folder: ${path}`, {
      hint: 'copy the file into the folder',
    })
}
