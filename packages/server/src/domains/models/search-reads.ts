import { type RawBuilder, sql } from 'kysely'
import type { Dialect } from '../../kernel/db/index.ts'
import { allOf, type Comparison, type Condition, matches, type OrderBy, ordered } from '../tracking/index.ts'
import type { RegisteredRow, VersionRow } from './reads.ts'
import type { ModelReads } from './tables.ts'

export const PROMPT_TAG = 'mlflow.prompt.is_prompt'

export interface ModelSearch {
  workspace: string
  filter: readonly Comparison[]
  orderBy: readonly OrderBy[]
  limit: number
  offset: number
}

/** Registered models that match; prompts only when the filter asks about them. */
export async function searchRegistered(
  db: ModelReads,
  dialect: Dialect,
  search: ModelSearch,
): Promise<RegisteredRow[]> {
  const conditions = [
    sql<boolean>`m.workspace = ${search.workspace}`,
    ...search.filter.map(one => ofModel(dialect, one)),
  ]
  const { rows } = await sql<RegisteredRow>`
    select m.* from registered_models m where ${allOf([...conditions, ...withoutPrompts(search.filter)])}
    order by ${sql.join(registeredOrder(search.orderBy))} limit ${search.limit} offset ${search.offset}`.execute(db)
  return rows
}

/** Versions that match; versions of prompts only when the filter asks about them. */
export async function searchVersions(db: ModelReads, dialect: Dialect, search: ModelSearch): Promise<VersionRow[]> {
  const conditions = [
    sql<boolean>`v.workspace = ${search.workspace}`,
    ...search.filter.map(one => ofVersion(dialect, one)),
  ]
  const { rows } = await sql<VersionRow>`
    select v.* from model_versions v join registered_models m on m.workspace = v.workspace and m.name = v.name
    where ${allOf([...conditions, ...withoutPrompts(search.filter)])}
    order by ${sql.join(versionOrder(search.orderBy))} limit ${search.limit} offset ${search.offset}`.execute(db)
  return rows
}

const asksForPrompts = (filter: readonly Comparison[]): boolean =>
  filter.some(({ entity, key }) => entity === 'tag' && key === PROMPT_TAG)

const withoutPrompts = (filter: readonly Comparison[]): Condition[] =>
  asksForPrompts(filter) ? [] : [sql`m.is_prompt = 0`]

/** Whether something is a prompt is asked as a tag; models without the tag count as 'false'. */
const isPrompt = (dialect: Dialect, comparison: Comparison): Condition =>
  matches(dialect, sql`(case when m.is_prompt = 1 then 'true' else 'false' end)`, comparison)

function ofModel(dialect: Dialect, comparison: Comparison): Condition {
  const { entity, key, operator } = comparison
  if (entity === 'attribute') return matches(dialect, sql.ref(`m.${key}`), comparison)
  if (key === PROMPT_TAG) return isPrompt(dialect, comparison)
  const tag = sql`select 1 from registered_model_tags t where t.workspace = m.workspace and t.name = m.name and t.key = ${key}`
  if (operator === 'IS NULL') return sql`not exists (${tag})`
  if (operator === 'IS NOT NULL') return sql`exists (${tag})`
  return sql`exists (${tag} and ${matches(dialect, sql.ref('t.value'), comparison)})`
}

function ofVersion(dialect: Dialect, comparison: Comparison): Condition {
  const { entity, key, operator } = comparison
  if (entity === 'attribute')
    return matches(dialect, sql.ref(key === 'source_path' ? 'v.source' : `v.${key}`), comparison)
  if (key === PROMPT_TAG) return isPrompt(dialect, comparison)
  const tag = sql`select 1 from model_version_tags t where t.version_no = v.version_no and t.key = ${key}`
  if (operator === 'IS NULL') return sql`not exists (${tag})`
  if (operator === 'IS NOT NULL') return sql`exists (${tag})`
  return sql`exists (${tag} and ${matches(dialect, sql.ref('t.value'), comparison)})`
}

const registeredOrder = (orderBy: readonly OrderBy[]): RawBuilder<unknown>[] => [
  ...orderBy.map(({ key, ascending }) => ordered(sql.ref(`m.${key}`), ascending)),
  ...(orderBy.some(({ key }) => key === 'name') ? [] : [sql`m.name asc`]),
]

/** Without a wish: the last changed first. Ties by name, then the newest version. */
function versionOrder(orderBy: readonly OrderBy[]): RawBuilder<unknown>[] {
  const given = orderBy.map(({ key, ascending }) => ordered(sql.ref(`v.${key}`), ascending))
  const named = new Set(orderBy.map(({ key }) => key))
  return [
    ...(given.length > 0 ? given : [sql`v.last_updated_timestamp desc`]),
    ...(named.has('name') ? [] : [sql`v.name asc`]),
    ...(named.has('version_number') ? [] : [sql`v.version_number desc`]),
    sql`v.version_no desc`,
  ]
}
