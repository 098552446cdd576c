import { HaganeError, parseReference, type Reference, registryUri } from '@hagane/contract'
import type { Database, Who } from '../../kernel/db/index.ts'
import { inRegistry, type RequireRegistry } from '../assets/index.ts'
import type { Tracking } from '../tracking/index.ts'
import { isWholeNumber } from './names.ts'
import { findVersion, newestOfStages, newestVersion, type VersionRow, versionOfAlias } from './reads.ts'
import type { Snapshots } from './snapshots.ts'
import { readsOf } from './tables.ts'

/** A model that something refers to, with its files by digest. */
export interface ResolvedModel {
  /** `azureml:<name>:<version>`, or `models:/m-…` for a logged model that nobody registered. */
  id: string
  name: string
  version: string
  type: string
  tree: string
  /** Empty for a folder; the file's name when the model is one file. */
  path: string
  runId?: string
  source: string
}

interface Deps {
  db: Database
  tracking: Tracking
  snapshots: Snapshots
  requireRegistry: RequireRegistry
}

/**
 * Finds the model behind `azureml:name:version`, `name:version`, `name@label`, `name` (the newest), `models:/name/version`,
 * `models:/name@alias`, `models:/name/Stage` or `models:/m-<id>`. Throws not_found that says what there is.
 */
export async function resolveModel(deps: Deps, who: Who, text: string): Promise<ResolvedModel> {
  const reference = parseReference(/^(?!azureml:)[\w.-]+([:@][\w.-]+)?$/.test(text) ? `azureml:${text}` : text)
  if (
    reference.form === 'model' &&
    reference.name.startsWith('m-') &&
    reference.version === undefined &&
    reference.alias === undefined
  )
    return loggedModel(deps, who, reference.name)
  const shared = await inRegistry(deps.requireRegistry, text, 'models')
  const owner = shared === undefined ? who : { ...who, workspace: shared.registry }
  const row = await versionOf(deps.db, owner, wanted(reference, text), text)
  const { tree, path, type, name, version, run_id, source } = await deps.snapshots.ensure(owner, row)
  if (tree === null)
    throw new HaganeError(
      'not_found',
      `the files of model ${name}:${version} cannot be read: its source is ${source}`,
      {
        hint: 'register it from a run or logged model of this server, or upload it with `hagane model create`',
      },
    )
  return {
    id: shared === undefined ? `azureml:${name}:${version}` : registryUri(shared.registry, 'models', name, version),
    name,
    version,
    type,
    tree,
    path,
    source,
    ...(run_id === null ? {} : { runId: run_id }),
  }
}

interface Wanted {
  name: string
  version?: string | undefined
  label?: string | undefined
}

function wanted(reference: Reference, text: string): Wanted {
  if (reference.form === 'asset' || reference.form === 'registry') return reference
  if (reference.form === 'model') return { name: reference.name, version: reference.version, label: reference.alias }
  throw new HaganeError('invalid', `'${text}' does not name a registered model`, {
    hint: 'use azureml:<name>:<version>, azureml:<name>@<label>, models:/<name>/<version> or models:/<name>@<alias>',
  })
}

async function versionOf(db: Database, who: Who, { name, version, label }: Wanted, text: string): Promise<VersionRow> {
  const reads = readsOf(db)
  const { workspace } = who
  const named = version ?? (label === undefined ? undefined : await versionOfAlias(reads, workspace, name, label))
  const newest = named === undefined && (label === undefined || label.toLowerCase() === 'latest')
  const row =
    newest || (version?.toLowerCase() === 'latest' && text.startsWith('models:'))
      ? await newestVersion(reads, workspace, name)
      : named === undefined
        ? undefined
        : ((await findVersion(reads, workspace, name, named)) ?? (await newestOfStage(db, who, name, named)))
  if (row !== undefined) return row
  const latest = await newestVersion(reads, workspace, name)
  throw new HaganeError('not_found', `no model ${text.replace(/^azureml:/, '')} in workspace ${workspace}`, {
    hint:
      latest === undefined
        ? '`hagane model list` shows what there is'
        : `the newest version of ${name} is ${latest.version}; \`hagane model list --name ${name}\` shows all`,
  })
}

async function newestOfStage(
  db: Database,
  { workspace }: Who,
  name: string,
  stage: string,
): Promise<VersionRow | undefined> {
  if (isWholeNumber(stage)) return undefined
  const rows = await newestOfStages(readsOf(db), db.dialect, workspace, [name])
  return rows.find(row => row.stage.toLowerCase() === stage.toLowerCase())
}

async function loggedModel({ tracking, snapshots }: Deps, who: Who, modelId: string): Promise<ResolvedModel> {
  const { row } = await tracking.loggedModels.get(who, modelId)
  const snapshot = await snapshots.take(who, row.artifact_uri)
  if (snapshot === undefined)
    throw new HaganeError('not_found', `logged model ${modelId} has no files that this server can read`)
  const { tree, path, type } = snapshot
  const run = row.source_run_id === null ? {} : { runId: row.source_run_id }
  return {
    id: `models:/${modelId}`,
    name: row.name,
    version: modelId,
    type,
    tree,
    path,
    source: row.artifact_uri,
    ...run,
  }
}
