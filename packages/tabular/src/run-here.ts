import { availableParallelism } from 'node:os'
import { HaganeError } from '@hagane/contract'
import { compareShadow } from './collected/compare.ts'
import { convertCapture } from './collected/convert.ts'
import { convertFeedback } from './collected/feedback.ts'
import { queryPredictions } from './collected/query.ts'
import { diffTables } from './diff.ts'
import { answerDrift, rootsOfDrift } from './drift/answer.ts'
import { type EngineLimits, openEngine } from './engine.ts'
import { judge } from './evaluation/judge.ts'
import { type Kept, openKept } from './kept.ts'
import { importancesOf } from './monitoring/importances.ts'
import { partOfTable } from './monitoring/part-of-table.ts'
import { windowProfiles } from './monitoring/window-profiles.ts'
import { windowTable } from './monitoring/window-table.ts'
import { profileTable } from './profile.ts'
import type { ResultOf, TabularRequest } from './requests.ts'
import { firstRows } from './rows.ts'
import { validateTable } from './validate.ts'

const fewCores: EngineLimits = {
  memory: process.env.HAGANE_TABLES_MEMORY || '1GB',
  threads: Math.min(4, availableParallelism()),
}

interface Surroundings {
  readonly limits?: EngineLimits
  /** Of several requests in this process; without it nothing is kept. */
  readonly kept?: Kept
}

/** Answers a request in this process, which a hostile file may end; `openReader` starts one for it. */
export async function runHere<R extends TabularRequest>(
  request: R,
  { limits = fewCores, kept }: Surroundings = {},
): Promise<ResultOf<R>> {
  if (request.kind === 'judge') return judge(request) as ResultOf<R>
  const roots = rootsOf(request)
  await using own = kept === undefined ? await openKept() : undefined
  await using engine = await openEngine(roots, limits, (kept ?? own) as Kept)
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
      case 'convert':
        return convertCapture(engine, request)
      case 'feedback':
        return convertFeedback(engine, request)
      case 'predictions':
        return queryPredictions(engine, request, limits)
      case 'compare':
        return compareShadow(engine, request)
      case 'drift':
      case 'profile-sketch':
      case 'performance':
      case 'estimate':
      case 'multivariate':
        return answerDrift(engine, request)
      case 'window-table':
        return windowTable(engine, request)
      case 'window-profiles':
        return windowProfiles(engine, request)
      case 'importances':
        return importancesOf(engine, request)
      case 'table-part':
        return partOfTable(engine, request)
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

function rootsOf(request: Exclude<TabularRequest, { kind: 'judge' }>): string[] {
  switch (request.kind) {
    case 'convert':
      return [request.folder]
    case 'predictions':
    case 'compare':
    case 'window-profiles':
      return [request.sources.root]
    case 'window-table':
      return [request.sources.root, request.output.folder]
    case 'table-part':
      return [request.source.root, request.output.folder]
    case 'feedback':
      return [request.source.root, request.folder]
    case 'diff':
      return [request.left.root, request.right.root]
    case 'validate':
      return [request.source.root, ...(request.reference === undefined ? [] : [request.reference.root])]
    case 'drift':
    case 'profile-sketch':
    case 'performance':
    case 'estimate':
    case 'multivariate':
      return rootsOfDrift(request)
    default:
      return [request.source.root]
  }
}
