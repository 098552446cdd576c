import { sql } from 'kysely'
import type { Tx } from '../../../kernel/db/index.ts'
import { amongTexts } from '../search/reads.ts'
import { writesOf } from '../tables.ts'
import { notFound } from '../wire/mlflow-error.ts'
import type { LoggedPoint } from './points.ts'

/** Points that a run logged for logged models. Throws when one of the models does not exist. */
export async function logModelMetrics(tx: Tx, runId: string, points: readonly LoggedPoint[]): Promise<void> {
  if (points.length === 0) return
  const db = writesOf(tx)
  await refuseUnknownModels(tx, new Set(points.map(point => point.modelId ?? '')))
  const rows = new Map(
    points.map(point => {
      const row = {
        model_id: point.modelId ?? '',
        key: point.key,
        run_id: runId,
        dataset_name: point.datasetName,
        dataset_digest: point.datasetDigest,
        value: Number.isNaN(point.value) ? null : point.value,
        step: point.step,
        timestamp: point.timestamp,
      }
      return [JSON.stringify({ ...row, value: undefined }), row]
    }),
  )
  await db
    .insertInto('logged_model_metrics')
    .values([...rows.values()])
    .onConflict(conflict =>
      conflict
        .columns(['model_id', 'key', 'run_id', 'dataset_name', 'dataset_digest', 'timestamp', 'step'])
        .doUpdateSet(({ ref }) => ({ value: ref('excluded.value') })),
    )
    .execute()
}

async function refuseUnknownModels(tx: Tx, modelIds: Set<string>): Promise<void> {
  const known = await writesOf(tx)
    .selectFrom('logged_models')
    .select('model_id')
    .where('workspace', '=', tx.who.workspace)
    .where(amongTexts(tx.dialect, sql.ref('model_id'), [...modelIds]))
    .execute()
  const missing = [...modelIds].find(id => !known.some(row => row.model_id === id))
  if (missing !== undefined) throw notFound(`Logged model with ID '${missing}' not found.`)
}
