import { availableParallelism } from 'node:os'
import { HaganeError } from '@hagane/contract'
import { diffTables } from './diff.ts'
import { type EngineLimits, openEngine } from './engine.ts'
import { profileTable } from './profile.ts'
import type { ResultOf, TableSource, TabularRequest } from './requests.ts'
import { firstRows } from './rows.ts'
import { validateTable } from './validate.ts'

const fewCores: EngineLimits = {
  memory: process.env.HAGANE_TABLES_MEMORY || '1GB',
  threads: Math.min(4, availableParallelism()),
}

/** Answers a request in this process, which a hostile file may end; `runTabular` starts one for it. */
export async function runHere<R extends TabularRequest>(request: R, limits = fewCores): Promise<ResultOf<R>> {
  const roots = sourcesOf(request).map(({ root }) => root)
  await using engine = await openEngine(roots, limits)
  const answer = async () => {
    switch (request.kind) {
      case 'profile':
        return profileTable(engine, request.source)
      case 'diff':
        return diffTables(engine, request)
      case 'validate':
        return validateTable(engine, request)
      case 'rows':
        return firstRows(engine, request.source, request.limit)
    }
  }
  return (await answer().catch((error: unknown) => withoutRoots(error, roots))) as ResultOf<R>
}

/** Where files lie on this machine is nobody's business: messages name them as the data does. */
function withoutRoots(error: unknown, roots: readonly string[]): never {
  if (!(error instanceof HaganeError)) throw error
  const message = roots.reduce((text, root) => text.replaceAll(`${root}/`, ''), error.message)
  throw new HaganeError(error.kind, message, { hint: error.hint, details: error.details, cause: error })
}

function sourcesOf(request: TabularRequest): TableSource[] {
  if (request.kind === 'diff') return [request.left, request.right]
  if (request.kind === 'validate' && request.reference !== undefined) return [request.source, request.reference]
  return [request.source]
}
