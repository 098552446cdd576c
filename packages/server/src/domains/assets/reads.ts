import type { Page } from '@hagane/contract'
import { sql } from 'kysely'
import type { Database } from '../../kernel/db/index.ts'
import { numberCursor, pageFrom } from '../../kernel/http/index.ts'
import type { AssetTables } from './tables.ts'

type AssetRow = AssetTables['assets']
export type LabelledRow = AssetRow & { labels: string[] }

const on = (db: Database) => db.reads.withTables<AssetTables>()

/** The row of `version`, or of the label when `version` starts with `@`; `@latest` is the most recently created. */
export async function findAsset(
  db: Database,
  workspace: string,
  kind: string,
  name: string,
  version: string,
): Promise<LabelledRow | undefined> {
  const base = on(db)
    .selectFrom('assets')
    .selectAll()
    .where('workspace', '=', workspace)
    .where('kind', '=', kind)
    .where('name', '=', name)
  const wanted = version.startsWith('@') ? await labelled(db, workspace, kind, name, version.slice(1)) : version
  const row = await (wanted === undefined
    ? base.where('archived', '=', 0).orderBy('created_seq', 'desc').limit(1)
    : base.where('version', '=', wanted)
  ).executeTakeFirst()
  return row === undefined ? undefined : (await withLabels(db, [row]))[0]
}

/** The version behind a label; undefined stands for `latest`, which is found by order. An unknown label matches no version. */
async function labelled(
  db: Database,
  workspace: string,
  kind: string,
  name: string,
  label: string,
): Promise<string | undefined> {
  const row = await on(db)
    .selectFrom('asset_labels')
    .select('version')
    .where('workspace', '=', workspace)
    .where('kind', '=', kind)
    .where('name', '=', name)
    .where('label', '=', label)
    .executeTakeFirst()
  return row?.version ?? (label === 'latest' ? undefined : '\u0001')
}

/** Whether a workspace holds any asset, archived ones as well. */
export async function hasAssets(db: Database, workspace: string): Promise<boolean> {
  const row = await on(db)
    .selectFrom('assets')
    .select('name')
    .where('workspace', '=', workspace)
    .limit(1)
    .executeTakeFirst()
  return row !== undefined
}

interface ListOptions {
  limit: number
  cursor?: string | undefined
  include_archived: boolean
}

/** The newest version of each name, most recent first. */
export async function listNames(
  db: Database,
  workspace: string,
  kind: string,
  options: ListOptions,
): Promise<Page<LabelledRow>> {
  const newest = on(db)
    .selectFrom('assets')
    .select(sql<number>`max(created_seq)`.as('seq'))
    .where('workspace', '=', workspace)
    .where('kind', '=', kind)
    .$if(!options.include_archived, query => query.where('archived', '=', 0))
    .groupBy('name')
  return page(
    db,
    on(db)
      .selectFrom('assets')
      .selectAll()
      .where('workspace', '=', workspace)
      .where('kind', '=', kind)
      .where('created_seq', 'in', newest),
    options,
  )
}

export async function listVersions(
  db: Database,
  workspace: string,
  kind: string,
  name: string,
  options: ListOptions,
): Promise<Page<LabelledRow>> {
  const query = on(db)
    .selectFrom('assets')
    .selectAll()
    .where('workspace', '=', workspace)
    .where('kind', '=', kind)
    .where('name', '=', name)
    .$if(!options.include_archived, q => q.where('archived', '=', 0))
  return page(db, query, options)
}

type Query = {
  where(column: 'created_seq', op: '<', value: number): Query
  orderBy(column: 'created_seq', direction: 'desc'): Query
  limit(n: number): Query
  execute(): Promise<AssetRow[]>
}

async function page(db: Database, query: unknown, { limit, cursor }: ListOptions): Promise<Page<LabelledRow>> {
  const before = numberCursor(cursor)
  const narrowed = before === undefined ? (query as Query) : (query as Query).where('created_seq', '<', before)
  const rows = await narrowed
    .orderBy('created_seq', 'desc')
    .limit(limit + 1)
    .execute()
  const labels = await withLabels(db, rows)
  return pageFrom(
    labels,
    limit,
    row => row,
    row => [row.created_seq],
  )
}

async function withLabels(db: Database, rows: AssetRow[]): Promise<LabelledRow[]> {
  const [first] = rows
  if (first === undefined) return []
  const names = [...new Set(rows.map(row => row.name))]
  const labels = await on(db)
    .selectFrom('asset_labels')
    .selectAll()
    .where('workspace', '=', first.workspace)
    .where('kind', '=', first.kind)
    .where('name', 'in', names)
    .execute()
  const newest = await on(db)
    .selectFrom('assets')
    .select(['name', sql<number>`max(created_seq)`.as('seq')])
    .where('workspace', '=', first.workspace)
    .where('kind', '=', first.kind)
    .where('archived', '=', 0)
    .where('name', 'in', names)
    .groupBy('name')
    .execute()
  return rows.map(row => ({
    ...row,
    labels: [
      ...(newest.some(entry => entry.name === row.name && Number(entry.seq) === row.created_seq) ? ['latest'] : []),
      ...labels.filter(label => label.name === row.name && label.version === row.version).map(label => label.label),
    ],
  }))
}
