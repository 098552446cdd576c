import { HaganeError, type ModelAsset, type ModelSpec, type Page, parseReference } from '@hagane/contract'
import type { Database, Tx, Who } from '../../kernel/db/index.ts'
import { checkIfMatch, decodeCursor, pageFrom } from '../../kernel/http/index.ts'
import type { KeyValue, Tracking } from '../tracking/index.ts'
import { refuseReserved, STAGES } from './names.ts'
import {
  type FullVersion,
  findRegistered,
  findVersion,
  type ListOptions,
  listNewest,
  listVersions,
  newestNumbers,
  newestVersion,
  type VersionRow,
  versionOfAlias,
  withDetails,
} from './reads.ts'
import { registerIn } from './registered.ts'
import { resolveSource } from './resolve-source.ts'
import type { Snapshot, Snapshots } from './snapshots.ts'
import { deleteVersionTags, updateVersion, upsertVersionTags } from './store.ts'
import { readsOf, writesOf } from './tables.ts'
import { addVersion, appendVersionEvent } from './versions.ts'

/** Content behind a reference that Azure ML's YAML knows: trees, job outputs, datastores, runs, https. */
export type ResolveContent = (workspace: string, uri: string) => Promise<{ tree: string; path: string }>

interface Deps {
  db: Database
  tracking: Tracking
  snapshots: Snapshots
  content: ResolveContent
}

/** A version to add, whose files are stored. */
export interface StoredModel {
  name: string
  version?: string | undefined
  type: string
  snapshot: Snapshot
  source: string
  runId?: string | undefined
  modelId?: string | undefined
  jobName?: string | undefined
  description?: string | undefined
  stage?: string | undefined
  flavors?: Record<string, unknown> | undefined
  tags?: Record<string, string> | undefined
  properties?: Record<string, string> | undefined
}

/** Adds a version in the caller's transaction; a name that is new becomes a registered model. */
export async function addStored(tx: Tx, model: StoredModel): Promise<VersionRow> {
  const { name, version, snapshot } = model
  if ((await findRegistered(writesOf(tx), tx.who.workspace, name)) === undefined)
    await registerIn(tx, { name, description: undefined, tags: [] })
  if (version !== undefined && (await findVersion(writesOf(tx), tx.who.workspace, name, version)) !== undefined)
    throw new HaganeError('conflict', `model ${name}:${version} already exists, and versions never change`, {
      hint: 'leave the version out to get the next number, or name a new one',
    })
  return addVersion(
    tx,
    {
      name,
      version,
      type: model.type,
      source: model.source,
      storage_location: model.source,
      tree: snapshot.tree,
      path: snapshot.path,
      size: snapshot.size,
      file_count: snapshot.fileCount,
      run_id: model.runId ?? null,
      run_link: null,
      model_id: model.modelId ?? null,
      job_name: model.jobName ?? null,
      description: model.description ?? null,
      stage: STAGES.find(stage => stage.toLowerCase() === model.stage?.toLowerCase()) ?? model.stage ?? 'None',
      flavors: model.flavors === undefined ? null : JSON.stringify(model.flavors),
      properties: JSON.stringify(model.properties ?? {}),
    },
    pairs(model.tags),
  )
}

const pairs = (values: Record<string, string> = {}): KeyValue[] =>
  Object.entries(values).map(([key, value]) => ({ key, value }))

/** Refuses content that is not what the type promises. */
export function checkType(type: string, snapshot: Snapshot, name: string): void {
  if (type === 'mlflow_model' && snapshot.type !== 'mlflow_model')
    throw new HaganeError(
      'invalid',
      `model: path: ${name} is of type mlflow_model, but there is no file named MLmodel in the folder`,
      {
        details: [{ property: 'type', message: 'does not fit the path', sent: type, allowed: 'custom_model' }],
        hint: 'name the folder that holds MLmodel, or use type: custom_model',
      },
    )
  if (type === 'triton_model' && snapshot.path !== '')
    throw new HaganeError('invalid', `model: path: ${name} is of type triton_model, but the path is a file`, {
      details: [{ property: 'type', message: 'does not fit the path', sent: type, allowed: 'custom_model' }],
      hint: 'name the folder of the model repository',
    })
}

/** Models as `az ml model` has them: the same versions that MLflow sees. */
export function buildModelAssets({ db, tracking, snapshots, content }: Deps) {
  const find = async (who: Who, name: string, version: string): Promise<VersionRow> => {
    const reads = readsOf(db)
    const label = version.startsWith('@') ? version.slice(1) : undefined
    const named = label === undefined ? version : await versionOfAlias(reads, who.workspace, name, label)
    const row =
      named === undefined && label === 'latest'
        ? await newestVersion(reads, who.workspace, name)
        : named === undefined
          ? undefined
          : await findVersion(reads, who.workspace, name, named)
    if (row !== undefined) return row
    throw new HaganeError(
      'not_found',
      `no model ${label === undefined ? `${name}:${version}` : `${name}${version}`} in workspace ${who.workspace}`,
      {
        hint: '`hagane model list` shows what there is; register one with `hagane model create -f FILE`',
      },
    )
  }
  const resource = async (row: VersionRow): Promise<ModelAsset> => {
    const [full] = await withDetails(readsOf(db), db.dialect, [row])
    const newest = await newestVersion(readsOf(db), row.workspace, row.name)
    return modelOut(full ?? { row, tags: [], aliases: [] }, newest?.version_no === row.version_no)
  }
  const change = async (
    who: Who & { ifMatch?: string | undefined },
    name: string,
    version: string,
    edit: (tx: Tx, row: VersionRow) => Promise<void>,
  ): Promise<ModelAsset> => {
    const { version: exact } = await find(who, name, version)
    await db.withTransaction(who, async tx => {
      const row = await findVersion(writesOf(tx), who.workspace, name, exact)
      if (row === undefined)
        throw new HaganeError('not_found', `no model ${name}:${exact} in workspace ${who.workspace}`)
      checkIfMatch(who, String(row.revision))
      await edit(tx, row)
    })
    return resource(await find(who, name, exact))
  }
  const pageOf = async (workspace: string, rows: readonly VersionRow[], limit: number): Promise<Page<ModelAsset>> => {
    const full = await withDetails(readsOf(db), db.dialect, rows)
    const names = [...new Set(rows.map(row => row.name))]
    const newest = await newestNumbers(readsOf(db), db.dialect, workspace, names)
    return pageFrom(
      full,
      limit,
      one => modelOut(one, newest.has(one.row.version_no)),
      one => [one.row.version_no],
    )
  }
  return {
    find,
    resource,
    show: async (who: Who, name: string, version: string) => resource(await find(who, name, version)),
    list: async (who: Who, query: ListQuery) =>
      pageOf(who.workspace, await listNewest(readsOf(db), who.workspace, listOptions(query)), query.limit),
    async versions(who: Who, name: string, query: ListQuery) {
      const rows = await listVersions(readsOf(db), who.workspace, name, listOptions(query))
      if (rows.length === 0 && query.cursor === undefined) await find(who, name, '@latest')
      return pageOf(who.workspace, rows, query.limit)
    },
    async create(who: Who, spec: ModelSpec): Promise<ModelAsset> {
      if (spec.version !== undefined) refuseReserved(spec.version)
      const { snapshot, runId, modelId } = await contentOf(who, spec)
      checkType(spec.type, snapshot, spec.name)
      const reference = parseReference(spec.path)
      const jobName = spec.job_name ?? (reference.form === 'job-output' ? reference.job : undefined)
      const row = await db.withTransaction(who, tx =>
        addStored(tx, {
          ...spec,
          snapshot,
          source: spec.path,
          jobName,
          modelId,
          runId: spec.run_id ?? runId ?? jobName,
        }),
      )
      return resource(row)
    },
    update: (
      who: Who & { ifMatch?: string | undefined },
      name: string,
      version: string,
      edit: {
        description?: string | undefined
        tags?: Record<string, string> | undefined
        properties?: Record<string, string> | undefined
      },
    ) =>
      change(who, name, version, async (tx, row) => {
        if (edit.tags !== undefined) {
          await deleteVersionTags(tx, row.version_no)
          await upsertVersionTags(tx, row.version_no, pairs(edit.tags))
        }
        await updateVersion(tx, row, {
          ...(edit.description === undefined ? {} : { description: edit.description }),
          ...(edit.properties === undefined ? {} : { properties: JSON.stringify(edit.properties) }),
        })
        appendVersionEvent(tx, 'version-updated', row, { ...edit })
      }),
    archive: (who: Who, name: string, version: string, archived: boolean) =>
      change(who, name, version, async (tx, row) => {
        await updateVersion(tx, row, { archived: archived ? 1 : 0 })
        appendVersionEvent(tx, archived ? 'version-archived' : 'version-restored', row)
      }),
  }

  /** Models of MLflow are found by the registry, everything else by the data domain. */
  async function contentOf(who: Who, spec: ModelSpec) {
    if (spec.path.startsWith('models:')) {
      const found = await resolveSource({ db, tracking, snapshots }, who, {
        source: spec.path,
        runId: undefined,
        modelId: undefined,
      })
      if (found.snapshot === undefined)
        throw new HaganeError('not_found', `model: path: the files of ${spec.path} cannot be read`)
      return { snapshot: found.snapshot, runId: found.runId, modelId: found.modelId }
    }
    const reference = parseReference(spec.path)
    const { tree, path } = await content(who.workspace, spec.path)
    const snapshot = await snapshots.of(tree, path)
    return { snapshot, runId: reference.form === 'run' ? reference.runId : undefined, modelId: undefined }
  }
}
export type ModelAssets = ReturnType<typeof buildModelAssets>

interface ListQuery {
  limit: number
  cursor?: string | undefined
  include_archived: boolean
}

function listOptions({ limit, cursor, include_archived }: ListQuery): ListOptions {
  const before = decodeCursor(cursor, 1)?.[0]
  return {
    limit: limit + 1,
    includeArchived: include_archived,
    ...(before === undefined ? {} : { before: Number(before) }),
  }
}

const isoOf = (ms: number): string => new Date(ms).toISOString()

/** A version as Azure ML shows a model. */
export function modelOut({ row, tags, aliases }: FullVersion, isLatest: boolean): ModelAsset {
  return {
    id: `azureml:${row.name}:${row.version}`,
    name: row.name,
    version: row.version,
    ...(row.description === null ? {} : { description: row.description }),
    tags: Object.fromEntries(tags.map(({ key, value }) => [key, value])),
    properties: JSON.parse(row.properties) as Record<string, string>,
    labels: [...(isLatest ? ['latest'] : []), ...aliases],
    archived: row.archived === 1,
    ...(row.tree === null ? {} : { digest: row.tree }),
    etag: String(row.revision),
    creation_context: {
      created_at: isoOf(row.creation_timestamp),
      created_by: row.created_by,
      last_modified_at: isoOf(row.last_updated_timestamp),
      last_modified_by: row.modified_by,
    },
    type: row.type as ModelAsset['type'],
    path: row.source,
    ...(row.stage === 'None' ? {} : { stage: row.stage }),
    ...(row.flavors === null ? {} : { flavors: JSON.parse(row.flavors) as ModelAsset['flavors'] }),
    ...(row.job_name === null ? {} : { job_name: row.job_name }),
    ...(row.run_id === null ? {} : { run_id: row.run_id }),
    ...(row.size === null ? {} : { size: row.size }),
    ...(row.file_count === null ? {} : { file_count: row.file_count }),
  }
}
