import { sql } from 'kysely'
import type { Tx } from '../../../kernel/db/index.ts'
import { writesOf } from '../tables.ts'

export interface ArtifactFile {
  path: string
  digest: string
  size: number
}

const ROWS_PER_INSERT = 500

/** Names content by path; what was under a path before is replaced. */
export async function upsertFiles(tx: Tx, files: readonly ArtifactFile[]): Promise<void> {
  for (let i = 0; i < files.length; i += ROWS_PER_INSERT)
    await writesOf(tx)
      .insertInto('artifact_files')
      .values(
        files.slice(i, i + ROWS_PER_INSERT).map(({ path, digest, size }) => ({
          workspace: tx.who.workspace,
          path,
          digest,
          size,
          modified_at: tx.now.getTime(),
          modified_by: tx.who.actor,
        })),
      )
      .onConflict(conflict =>
        conflict.columns(['workspace', 'path']).doUpdateSet(({ ref }) => ({
          digest: ref('excluded.digest'),
          size: ref('excluded.size'),
          modified_at: ref('excluded.modified_at'),
          modified_by: ref('excluded.modified_by'),
        })),
      )
      .execute()
}

/** Removes a file, or everything below a folder; how many files that were. */
export async function deleteFiles(tx: Tx, path: string): Promise<number> {
  const { numDeletedRows } = await writesOf(tx)
    .deleteFrom('artifact_files')
    .where('workspace', '=', tx.who.workspace)
    .where(({ eb, or, and }) =>
      or([eb('path', '=', path), and([eb('path', '>=', `${path}/`), eb('path', '<', `${path}0`)])]),
    )
    .executeTakeFirst()
  return Number(numDeletedRows)
}

/** Copies every file below one folder to another; what is there already stays. */
export async function copyFiles(tx: Tx, from: string, to: string): Promise<void> {
  await sql`
    insert into artifact_files (workspace, path, digest, size, modified_at, modified_by)
    select workspace, ${`${to}/`} || substr(path, ${from.length + 2}), digest, size, ${sql.val(tx.now.getTime())}, modified_by
    from artifact_files where workspace = ${tx.who.workspace} and path >= ${`${from}/`} and path < ${`${from}0`}
    on conflict do nothing`.execute(writesOf(tx))
}
