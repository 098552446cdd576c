import { sql } from 'kysely'
import type { Dialect } from '../../../kernel/db/index.ts'
import { amongNumbers } from '../search/reads.ts'
import type { TrackingReads } from '../tables.ts'

export interface DatasetSummary {
  experiment_id: number
  name: string
  digest: string
  context: string | null
}

/** Data sets that runs of these experiments read, once for each context. */
export const datasetSummaries = (
  db: TrackingReads,
  dialect: Dialect,
  workspace: string,
  experimentIds: readonly number[],
  limit: number,
): Promise<DatasetSummary[]> =>
  db
    .selectFrom('datasets as d')
    .innerJoin('experiments as e', 'e.experiment_id', 'd.experiment_id')
    .innerJoin('run_datasets as i', 'i.dataset_no', 'd.dataset_no')
    .select(['d.experiment_id', 'd.name', 'd.digest', 'i.context'])
    .where('e.workspace', '=', workspace)
    .where(amongNumbers(dialect, sql.ref('d.experiment_id'), experimentIds))
    .distinct()
    .limit(limit)
    .execute()
