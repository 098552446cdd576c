import type { Database, Who } from '../../kernel/db/index.ts'
import { invalidParameter, MlflowError, type Tracking } from '../tracking/index.ts'
import { findRegistered, findVersion, newestVersion, type VersionRow, versionOfAlias } from './reads.ts'
import type { Snapshot, Snapshots } from './snapshots.ts'
import { parseSource, type Source } from './sources.ts'
import { readsOf } from './tables.ts'

interface Deps {
  db: Database
  tracking: Tracking
  snapshots: Snapshots
}

/** What a source led to. Without a snapshot the files were not there yet, or are kept by somebody else. */
export interface ResolvedSource {
  source: string
  location: string
  runId?: string | undefined
  modelId?: string | undefined
  snapshot?: Snapshot | undefined
}

interface Request {
  source: string
  runId: string | undefined
  modelId: string | undefined
}

const invalid = (source: string, why: string) => invalidParameter(`Invalid model version source: '${source}'. ${why}`)

/** Follows the source of a new version to its files, run and logged model. Throws when it names something that does not exist. */
export async function resolveSource(deps: Deps, who: Who, request: Request): Promise<ResolvedSource> {
  const parsed = parseSource(request.source)
  const found = await follow(deps, who, parsed, request)
  const modelId = request.modelId || found.modelId
  const runId = request.runId || found.runId || (await runOfModel(deps, who, modelId))
  return { ...found, modelId, runId }
}

async function follow(deps: Deps, who: Who, parsed: Source, { source, modelId }: Request): Promise<ResolvedSource> {
  switch (parsed.kind) {
    case 'logged-model': {
      if (modelId && modelId !== parsed.modelId)
        throw invalid(source, 'The model_id request parameter must identify the resource that contains the source.')
      const { row } = await deps.tracking.loggedModels.get(who, parsed.modelId)
      const snapshot = row.status === 'PENDING' ? undefined : await deps.snapshots.take(who, row.artifact_uri)
      return {
        source,
        location: row.artifact_uri,
        modelId: row.model_id,
        runId: row.source_run_id ?? undefined,
        snapshot,
      }
    }
    case 'registered':
    case 'alias':
      return ofVersion(deps, who, source, await originOf(deps, who, parsed, source))
    case 'run': {
      const location = await deps.tracking.artifacts.runLocation(who, parsed.runId).catch(() => undefined)
      if (location === undefined) return { source, location: source, runId: parsed.runId }
      const full = [location.replace(/\/+$/, ''), parsed.path].filter(part => part !== '').join('/')
      return { source, location: full, runId: parsed.runId, snapshot: await deps.snapshots.take(who, full) }
    }
    case 'location':
      return { source, location: source, snapshot: await deps.snapshots.take(who, source) }
  }
}

/** A copy of a version shares its files, and knows the run and logged model that they came from. */
async function ofVersion({ snapshots }: Deps, who: Who, source: string, origin: VersionRow): Promise<ResolvedSource> {
  const row = await snapshots.ensure(who, origin)
  return {
    source,
    location: row.storage_location,
    runId: row.run_id ?? undefined,
    modelId: row.model_id ?? undefined,
    snapshot:
      row.tree === null
        ? undefined
        : {
            tree: row.tree,
            path: row.path,
            size: row.size ?? 0,
            fileCount: row.file_count ?? 0,
            type: row.type as Snapshot['type'],
          },
  }
}

async function originOf(
  { db }: Deps,
  { workspace }: Who,
  parsed: Extract<Source, { name: string }>,
  source: string,
): Promise<VersionRow> {
  const reads = readsOf(db)
  const model = await findRegistered(reads, workspace, parsed.name)
  if (model?.is_prompt === 1) throw invalid(source, 'Prompt versions cannot be used as model version sources.')
  const version =
    parsed.kind === 'alias' ? await versionOfAlias(reads, workspace, parsed.name, parsed.alias) : parsed.version
  const newest = (parsed.kind === 'alias' ? parsed.alias : parsed.version).toLowerCase() === 'latest'
  const row = newest
    ? await newestVersion(reads, workspace, parsed.name)
    : version === undefined
      ? undefined
      : await findVersion(reads, workspace, parsed.name, version)
  if (row === undefined)
    throw new MlflowError(
      'RESOURCE_DOES_NOT_EXIST',
      `Unable to fetch model from model URI source artifact location '${source}'. Error: there is no such model version.`,
    )
  return row
}

async function runOfModel({ tracking }: Deps, who: Who, modelId: string | undefined): Promise<string | undefined> {
  if (!modelId) return undefined
  const { row } = await tracking.loggedModels.get(who, modelId, true)
  return row.source_run_id ?? undefined
}
