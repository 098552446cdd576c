import { type Selectable, sql } from 'kysely'
import type { Dialect } from '../../kernel/db/index.ts'
import { amongNumbers, amongTexts, type KeyValue } from '../tracking/index.ts'
import type { ModelReads, ModelTables } from './tables.ts'

export type RegisteredRow = Selectable<ModelTables['registered_models']>
export type VersionRow = Selectable<ModelTables['model_versions']>

/** A version with what hangs on it. */
export interface FullVersion {
  row: VersionRow
  tags: KeyValue[]
  aliases: string[]
}

/** A registered model with tags, aliases and the newest version of each stage. */
export interface FullRegistered {
  row: RegisteredRow
  tags: KeyValue[]
  aliases: { alias: string; version: string }[]
  latest: FullVersion[]
}

export const findRegistered = (db: ModelReads, workspace: string, name: string): Promise<RegisteredRow | undefined> =>
  db
    .selectFrom('registered_models')
    .selectAll()
    .where('workspace', '=', workspace)
    .where('name', '=', name)
    .executeTakeFirst()

/** Whether a workspace has any registered model. */
export async function hasModels(db: ModelReads, workspace: string): Promise<boolean> {
  const row = await db
    .selectFrom('registered_models')
    .select('name')
    .where('workspace', '=', workspace)
    .limit(1)
    .executeTakeFirst()
  return row !== undefined
}

export const findVersion = (
  db: ModelReads,
  workspace: string,
  name: string,
  version: string,
): Promise<VersionRow | undefined> =>
  db
    .selectFrom('model_versions')
    .selectAll()
    .where('workspace', '=', workspace)
    .where('name', '=', name)
    .where('version', '=', version)
    .executeTakeFirst()

/** The most recently created version that is not archived. */
export const newestVersion = (db: ModelReads, workspace: string, name: string): Promise<VersionRow | undefined> =>
  db
    .selectFrom('model_versions')
    .selectAll()
    .where('workspace', '=', workspace)
    .where('name', '=', name)
    .where('archived', '=', 0)
    .orderBy('version_no', 'desc')
    .limit(1)
    .executeTakeFirst()

export async function versionOfAlias(
  db: ModelReads,
  workspace: string,
  name: string,
  alias: string,
): Promise<string | undefined> {
  const row = await db
    .selectFrom('model_aliases')
    .select('version')
    .where('workspace', '=', workspace)
    .where('name', '=', name)
    .where('alias', '=', alias)
    .executeTakeFirst()
  return row?.version
}

/** The newest version of each stage of these models. */
export async function newestOfStages(
  db: ModelReads,
  dialect: Dialect,
  workspace: string,
  names: readonly string[],
): Promise<VersionRow[]> {
  if (names.length === 0) return []
  const newest = db
    .selectFrom('model_versions')
    .select(({ fn }) => fn.max('version_no').as('version_no'))
    .where('workspace', '=', workspace)
    .where(amongTexts(dialect, sql.ref('name'), names))
    .groupBy(['name', 'stage'])
  return db.selectFrom('model_versions').selectAll().where('version_no', 'in', newest).orderBy('version_no').execute()
}

/** Versions with their tags and aliases, in the same order. */
export async function withDetails(
  db: ModelReads,
  dialect: Dialect,
  rows: readonly VersionRow[],
): Promise<FullVersion[]> {
  const [first] = rows
  if (first === undefined) return []
  const tags = await db
    .selectFrom('model_version_tags')
    .selectAll()
    .where(
      amongNumbers(
        dialect,
        sql.ref('version_no'),
        rows.map(row => row.version_no),
      ),
    )
    .orderBy('key')
    .execute()
  const aliases = await aliasesOf(db, dialect, first.workspace, [...new Set(rows.map(row => row.name))])
  const byVersion = Map.groupBy(tags, tag => tag.version_no)
  return rows.map(row => ({
    row,
    tags: (byVersion.get(row.version_no) ?? []).map(({ key, value }) => ({ key, value })),
    aliases: aliases.filter(one => one.name === row.name && one.version === row.version).map(one => one.alias),
  }))
}

const aliasesOf = (db: ModelReads, dialect: Dialect, workspace: string, names: readonly string[]) =>
  db
    .selectFrom('model_aliases')
    .selectAll()
    .where('workspace', '=', workspace)
    .where(amongTexts(dialect, sql.ref('name'), names))
    .orderBy('alias')
    .execute()

/** Registered models with everything their answer shows, in the same order. */
export async function withLatest(
  db: ModelReads,
  dialect: Dialect,
  rows: readonly RegisteredRow[],
): Promise<FullRegistered[]> {
  const [first] = rows
  if (first === undefined) return []
  const names = rows.map(row => row.name)
  const latest = await withDetails(db, dialect, await newestOfStages(db, dialect, first.workspace, names))
  const aliases = await aliasesOf(db, dialect, first.workspace, names)
  const tags = await db
    .selectFrom('registered_model_tags')
    .selectAll()
    .where('workspace', '=', first.workspace)
    .where(amongTexts(dialect, sql.ref('name'), names))
    .orderBy('key')
    .execute()
  const of = <T extends { name: string }>(items: readonly T[], name: string) => items.filter(item => item.name === name)
  return rows.map(row => ({
    row,
    tags: of(tags, row.name).map(({ key, value }) => ({ key, value })),
    aliases: of(aliases, row.name).map(({ alias, version }) => ({ alias, version })),
    latest: latest.filter(version => version.row.name === row.name),
  }))
}

export interface ListOptions {
  limit: number
  includeArchived: boolean
  /** The version_no of the last row of the page before. */
  before?: number
}

/** The newest version of each model that is not a prompt, most recent first. */
export async function listNewest(db: ModelReads, workspace: string, options: ListOptions): Promise<VersionRow[]> {
  const newest = db
    .selectFrom('model_versions as v')
    .innerJoin('registered_models as m', join =>
      join.onRef('m.workspace', '=', 'v.workspace').onRef('m.name', '=', 'v.name').on('m.is_prompt', '=', 0),
    )
    .select(({ fn }) => fn.max('v.version_no').as('version_no'))
    .where('v.workspace', '=', workspace)
    .$if(!options.includeArchived, query => query.where('v.archived', '=', 0))
    .groupBy('v.name')
  return db
    .selectFrom('model_versions')
    .selectAll()
    .where('version_no', 'in', newest)
    .$if(options.before !== undefined, query => query.where('version_no', '<', options.before ?? 0))
    .orderBy('version_no', 'desc')
    .limit(options.limit)
    .execute()
}

/** The versions of a model, most recent first. */
export const listVersions = (
  db: ModelReads,
  workspace: string,
  name: string,
  options: ListOptions,
): Promise<VersionRow[]> =>
  db
    .selectFrom('model_versions')
    .selectAll()
    .where('workspace', '=', workspace)
    .where('name', '=', name)
    .$if(!options.includeArchived, query => query.where('archived', '=', 0))
    .$if(options.before !== undefined, query => query.where('version_no', '<', options.before ?? 0))
    .orderBy('version_no', 'desc')
    .limit(options.limit)
    .execute()

/** Which versions the label `latest` points at, of these models. */
export async function newestNumbers(
  db: ModelReads,
  dialect: Dialect,
  workspace: string,
  names: readonly string[],
): Promise<Set<number>> {
  const rows = await db
    .selectFrom('model_versions')
    .select(({ fn }) => fn.max('version_no').as('version_no'))
    .where('workspace', '=', workspace)
    .where('archived', '=', 0)
    .where(amongTexts(dialect, sql.ref('name'), names))
    .groupBy('name')
    .execute()
  return new Set(rows.map(row => row.version_no))
}
