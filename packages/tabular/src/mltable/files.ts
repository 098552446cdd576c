import { readdir, realpath, stat } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { refusal, type TablePath } from './document.ts'

/**
 * Absolute names of the files, entry by entry, each entry's in lexicographic order. Paths are relative to `folder` and may
 * not lead out of `root`. Throws invalid for what is not there.
 */
export async function findTableFiles(paths: readonly TablePath[], folder: string, root: string): Promise<string[]> {
  const found: string[] = []
  for (const path of paths) found.push(...(await filesOf(path, folder, await realpath(root))))
  return found
}

async function filesOf({ kind, value }: TablePath, folder: string, root: string): Promise<string[]> {
  if (/^[a-z][a-z0-9+.-]+:\/\//i.test(value))
    throw refusal(
      `${kind}: '${value}' lies elsewhere, and only files beside the MLTable file are read here`,
      'put the files into the folder of the data asset, and name them by relative paths',
    )
  const full = join(folder, value)
  if (relative(root, full).startsWith('..')) throw refusal(`${kind}: '${value}' leads out of the folder`)
  if (kind === 'pattern') {
    const pattern = new RegExp(globToRegex(full))
    const matching = (await below(folder, root)).filter(file => pattern.test(file))
    if (matching.length === 0) throw refusal(`no file matches the pattern '${value}'`)
    return matching
  }
  const info = await stat(full).catch(() => undefined)
  // some MLTable files name a folder as `file`
  if (info?.isDirectory()) return (await below(full, root)).filter(file => file !== join(folder, 'MLTable'))
  if (kind === 'folder' || !info?.isFile()) throw refusal(`no ${kind} '${value}' in the folder`)
  if (!(await isInside(full, root))) throw refusal(`${kind}: '${value}' is a link out of the folder`)
  return [full]
}

/** All files below a folder, by the code points of their paths, as object stores list them. */
export async function below(top: string, root: string): Promise<string[]> {
  const entries = await readdir(top, { recursive: true, withFileTypes: true })
  const files = entries.filter(entry => !entry.isDirectory()).map(entry => join(entry.parentPath, entry.name))
  const inside = await Promise.all(files.map(file => isInside(file, root)))
  return files.filter((file, i) => inside[i] && file !== join(top, 'MLTable')).sort(byCodePoint)
}

const isInside = async (file: string, root: string): Promise<boolean> => {
  const real = await realpath(file).catch(() => '')
  return real.startsWith(root + sep)
}

const byCodePoint = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b))

// `*` and `?` stay within a name; two stars and a slash are any number of folders, also none
function globToRegex(glob: string): string {
  const parts: Record<string, string> = { '**/': '(?:[^/]+/)*', '**': '.*', '*': '[^/]*', '?': '[^/]' }
  const text = glob.replace(
    /\*\*\/|\*\*|[*?]|[^*?]+/g,
    part => parts[part] ?? part.replace(/[.+^${}()|[\]\\]/g, '\\$&'),
  )
  return `^${text}$`
}
