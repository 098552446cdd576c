import type { JobExport } from '@hagane/contract'
import type { JobNeeds } from '../model/needs.ts'

/** Collects what an exported job refers to, each content once, and answers the path that stands for it in the YAML. */
export interface Collection {
  content(
    kind: 'code' | 'data',
    content: { tree: string; path: string },
    from?: string,
  ): Promise<{ path: string; isFile: boolean }>
  /** The environment of a lock, as an Azure ML specification with a requirements file beside it. */
  environment(lockDigest: string): Promise<Record<string, string>>
  all(): { folders: JobExport['folders']; texts: JobExport['files'] }
}

export function collection({ blobs, environments }: Pick<JobNeeds, 'blobs' | 'environments'>): Collection {
  const folders = new Map<string, JobExport['folders'][number]>()
  const texts = new Map<string, string>()
  return {
    async content(kind, { tree, path }, from) {
      const { entries } = await blobs.getTree(tree)
      const isFile = entries.some(entry => entry.path === path)
      const folder = `${kind}/${tree.slice(0, 12)}${isFile || path === '' ? '' : `/${path}`}`
      folders.set(`${kind} ${tree} ${path}`, {
        path: folder,
        kind,
        tree,
        below: path,
        ...(from === undefined || from.startsWith('hagane://') ? {} : { from }),
      })
      return { path: `./${folder}${isFile ? `/${path.slice(path.lastIndexOf('/') + 1)}` : ''}`, isFile }
    },
    async environment(lockDigest) {
      const { python, text } = await environments.readLock(lockDigest)
      const path = `environments/${lockDigest.slice(0, 12)}.txt`
      texts.set(path, text)
      return { image: `python:${python}`, pip_requirements: `./${path}` }
    },
    all: () => ({
      folders: [...folders.values()].sort((a, b) => (a.path < b.path ? -1 : 1)),
      texts: [...texts].map(([path, text]) => ({ path, text })).sort((a, b) => (a.path < b.path ? -1 : 1)),
    }),
  }
}
