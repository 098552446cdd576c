/**
 * The files that manifests lie in. The caller hands it in: a disk in the CLI, the open project in a browser. Paths are
 * the caller's own; this package only joins them by `resolve`. `readText` must refuse bytes that are not UTF-8.
 */
export interface Files {
  readText(path: string): Promise<string>
  stat(path: string): Promise<'file' | 'folder' | 'missing'>
  /** What lies in a folder; nothing where there is none. For the hint of an error. */
  names(folder: string): Promise<readonly string[]>
  /** An absolute path; `relative` may be absolute already. */
  resolve(base: string, relative: string): string
  dirname(path: string): string
  basename(path: string): string
}

const normalized = (path: string): string => {
  const parts: string[] = []
  for (const part of path.split('/')) {
    if (part === '..') parts.pop()
    else if (part !== '' && part !== '.') parts.push(part)
  }
  return `/${parts.join('/')}`
}

/** Files held in memory by absolute slash paths, e.g. a project open in the browser. A folder is what holds a file. */
export function memoryFiles(texts: Readonly<Record<string, string>>): Files {
  const entries = new Map(Object.entries(texts).map(([path, text]) => [normalized(path), text]))
  return {
    async readText(path) {
      const text = entries.get(normalized(path))
      if (text === undefined) throw new Error('no such file')
      return text
    },
    async stat(path) {
      const wanted = normalized(path)
      if (entries.has(wanted)) return 'file'
      const below = wanted === '/' ? '/' : `${wanted}/`
      return [...entries.keys()].some(known => known.startsWith(below)) ? 'folder' : 'missing'
    },
    async names(folder) {
      const above = normalized(folder) === '/' ? '/' : `${normalized(folder)}/`
      const below = [...entries.keys()].filter(path => path.startsWith(above))
      return [...new Set(below.map(path => path.slice(above.length).split('/', 1)[0] ?? ''))]
    },
    resolve: (base, relative) => normalized(relative.startsWith('/') ? relative : `${base}/${relative}`),
    dirname: path => normalized(`${path}/..`),
    basename: path => normalized(path).split('/').at(-1) ?? '',
  }
}
