import { type RawBuilder, sql } from 'kysely'
import type { Dialect } from '../../../kernel/db/index.ts'
import { amongTexts } from '../search/reads.ts'
import type { TrackingReads } from '../tables.ts'
import type { ArtifactFile } from './store.ts'

/** A file or folder directly below a folder; `name` is its last part. */
export interface Listed {
  name: string
  isFolder: boolean
  size: number
}

export const findFile = (db: TrackingReads, workspace: string, path: string): Promise<ArtifactFile | undefined> =>
  db
    .selectFrom('artifact_files')
    .select(['path', 'digest', 'size'])
    .where('workspace', '=', workspace)
    .where('path', '=', path)
    .executeTakeFirst()

/** `0` is the character after `/`, so a folder is a range of the primary key. */
const range = (folder: string): { start: string; end: string | undefined } =>
  folder === '' ? { start: '', end: undefined } : { start: `${folder}/`, end: `${folder}0` }

/** Every file below a folder, with its path inside it. */
export async function filesBelow(db: TrackingReads, workspace: string, folder: string): Promise<ArtifactFile[]> {
  const { start, end } = range(folder)
  let query = db
    .selectFrom('artifact_files')
    .select(['path', 'digest', 'size'])
    .where('workspace', '=', workspace)
    .where('path', '>=', start)
    .orderBy('path')
  if (end !== undefined) query = query.where('path', '<', end)
  return (await query.execute()).map(file => ({ ...file, path: file.path.slice(start.length) }))
}

const position: Record<Dialect, (text: RawBuilder<unknown>) => RawBuilder<number>> = {
  sqlite: text => sql`instr(${text}, '/')`,
  postgres: text => sql`strpos(${text}, '/')`,
}

/**
 * What lies directly below a folder, by name. Each step of the recursion jumps over a whole subfolder in the index, so a folder
 * with a hundred thousand files further down costs as much as one with a few.
 */
export async function listFolder(
  db: TrackingReads,
  dialect: Dialect,
  workspace: string,
  folder: string,
): Promise<Listed[]> {
  const { start, end } = range(folder)
  const before = end === undefined ? sql`` : sql` and f.path < ${end}`
  const slash = position[dialect](sql`substr(s.path, ${start.length + 1})`)
  const next = sql`case when ${slash} > 0 then substr(s.path, 1, ${start.length} + ${slash}) || ${'\u{10ffff}'} else s.path end`
  const { rows } = await sql<{ path: string; size: number }>`
    with recursive s(path) as (
      select (select min(f.path) from artifact_files f where f.workspace = ${workspace} and f.path >= ${start}${before})
      union all
      select (select min(f.path) from artifact_files f where f.workspace = ${workspace} and f.path > ${next}${before}) from s where s.path is not null
    )
    select s.path, a.size from s join artifact_files a on a.workspace = ${workspace} and a.path = s.path where s.path is not null order by s.path`.execute(
    db,
  )
  return rows.map(({ path, size }) => {
    const rest = path.slice(start.length)
    const slash = rest.indexOf('/')
    return slash === -1
      ? { name: rest, isFolder: false, size }
      : { name: rest.slice(0, slash), isFolder: true, size: 0 }
  })
}

/** Whether a path could not be a file, because a file is above it or files are below it. */
export async function clashes(
  db: TrackingReads,
  dialect: Dialect,
  workspace: string,
  path: string,
): Promise<string | undefined> {
  const parts = path.split('/')
  const above = parts.slice(1).map((_, i) => parts.slice(0, i + 1).join('/'))
  const row = await db
    .selectFrom('artifact_files')
    .select('path')
    .where('workspace', '=', workspace)
    .where(({ or, and, eb }) =>
      or([
        amongTexts(dialect, sql.ref('path'), above),
        and([eb('path', '>=', `${path}/`), eb('path', '<', `${path}0`)]),
      ]),
    )
    .limit(1)
    .executeTakeFirst()
  return row?.path
}
