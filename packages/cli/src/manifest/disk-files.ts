import { readdir, readFile, stat } from 'node:fs/promises'
import { basename, dirname, resolve } from 'node:path'
import type { Files } from '@hagane/manifest'

/** The files of this machine, as the manifest reader asks for them. */
export const diskFiles: Files = {
  readText: async path => new TextDecoder('utf-8', { fatal: true }).decode(await readFile(path)),
  stat: async path => {
    try {
      const found = await stat(path)
      return found.isDirectory() ? 'folder' : 'file'
    } catch (error) {
      if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return 'missing'
      throw error
    }
  },
  names: async folder => {
    try {
      return await readdir(folder)
    } catch {
      return []
    }
  },
  resolve,
  dirname,
  basename: path => basename(path),
}
