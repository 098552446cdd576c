import { join } from 'node:path'
import { HaganeError } from '@hagane/contract'
import { type ResultOf, runTabular, type TableSource, type TabularRequest } from '@hagane/tabular'
import type { BlobStore } from '../../kernel/blobs/index.ts'
import type { ResolvedContent } from './resolve.ts'

/** Readers of tables that run at once, and how many requests may wait for one. */
const AT_ONCE = 2
const WAITING = 32

/** Content laid out as files that a reader of tables can open. */
export async function tableSource(
  blobs: BlobStore,
  name: string,
  content: { tree: string; path: string },
): Promise<TableSource> {
  const root = await blobs.materialize(content.tree)
  return { name, path: join(root, content.path), root }
}

/** Hands requests about tables to processes of their own, a few at a time. */
export function buildTableReader(
  blobs: BlobStore,
  resolve: (workspace: string, uri: string) => Promise<ResolvedContent>,
) {
  let busy = 0
  const waiting: (() => void)[] = []
  const run = async <R extends TabularRequest>(request: R, signal?: AbortSignal): Promise<ResultOf<R>> => {
    if (busy >= AT_ONCE) {
      if (waiting.length >= WAITING)
        throw new HaganeError('rate_limited', `${WAITING} requests about tables are waiting already`, {
          hint: 'try again in a moment',
        })
      await new Promise<void>(turn => waiting.push(turn))
    }
    busy += 1
    try {
      return await runTabular(request, signal === undefined ? {} : { signal })
    } finally {
      busy -= 1
      waiting.shift()?.()
    }
  }
  return {
    run,
    /** The table behind a reference, named as the reference or the asset it led to. */
    async source(workspace: string, uri: string): Promise<TableSource> {
      const content = await resolve(workspace, uri)
      return tableSource(blobs, content.asset ?? uri, content)
    },
  }
}
export type TableReader = ReturnType<typeof buildTableReader>
