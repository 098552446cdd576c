import type { Database } from '../../kernel/db/index.ts'
import type { ExplanationRow, ExplanationTables } from './tables.ts'

const on = (db: Database) => db.reads.withTables<ExplanationTables>()

/** What was asked by a job; undefined when it explains nothing. */
export const explanationBy = (db: Database, workspace: string, job: string): Promise<ExplanationRow | undefined> =>
  on(db)
    .selectFrom('explanations')
    .selectAll()
    .where('workspace', '=', workspace)
    .where('job', '=', job)
    .executeTakeFirst()

/** Explanations of a model as a whole or of a prediction, the newest. */
export async function explanationsOf(
  db: Database,
  workspace: string,
  of: { model: string } | { prediction: string },
): Promise<ExplanationRow[]> {
  let query = on(db).selectFrom('explanations').selectAll().where('workspace', '=', workspace)
  query =
    'model' in of
      ? query.where('model', '=', of.model).where('prediction', 'is', null)
      : query.where('prediction', '=', of.prediction)
  return query.orderBy('created_at', 'desc').orderBy('job', 'desc').limit(1).execute()
}
