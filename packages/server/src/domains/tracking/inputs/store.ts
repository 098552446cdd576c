import { sql } from 'kysely'
import type { Tx } from '../../../kernel/db/index.ts'
import type { ModelEdge } from '../runs/reads.ts'
import { type TrackingTables, writesOf } from '../tables.ts'
import type { KeyValue } from '../wire/names.ts'

export type DatasetFacts = Pick<
  TrackingTables['datasets'],
  'name' | 'digest' | 'source_type' | 'source' | 'schema' | 'profile'
>

/** The number of a data set of an experiment; what was logged first under its name and digest stays. */
export async function ensureDataset(tx: Tx, experimentId: number, facts: DatasetFacts): Promise<number> {
  const db = writesOf(tx)
  const find = () =>
    db
      .selectFrom('datasets')
      .select('dataset_no')
      .where('experiment_id', '=', experimentId)
      .where('name', '=', facts.name)
      .where('digest', '=', facts.digest)
      .executeTakeFirst()
  const known = await find()
  if (known !== undefined) return known.dataset_no
  await db
    .insertInto('datasets')
    .values({ ...facts, experiment_id: experimentId })
    .onConflict(conflict => conflict.doNothing())
    .execute()
  return (await find())?.dataset_no ?? 0
}

/** Links data sets to a run in the order given; tags count the first time only. */
export async function linkDatasets(
  tx: Tx,
  runNo: number,
  links: readonly { datasetNo: number; tags: readonly KeyValue[] }[],
): Promise<void> {
  if (links.length === 0) return
  const { rows } = await sql<{ n: number }>`select count(*) as n from run_datasets where run_no = ${runNo}`.execute(
    writesOf(tx),
  )
  const start = rows[0]?.n ?? 0
  const values = links.map(({ datasetNo, tags }, i) => ({
    run_no: runNo,
    dataset_no: datasetNo,
    position: start + i,
    context: tags.find(tag => tag.key === 'mlflow.data.context')?.value ?? null,
    tags: JSON.stringify(tags),
  }))
  await writesOf(tx)
    .insertInto('run_datasets')
    .values(values)
    .onConflict(conflict => conflict.doNothing())
    .execute()
}

export async function linkModels(
  tx: Tx,
  runNo: number,
  direction: 'input' | 'output',
  edges: readonly ModelEdge[],
): Promise<void> {
  if (edges.length === 0) return
  await writesOf(tx)
    .insertInto('run_models')
    .values(edges.map(({ model_id, step }) => ({ run_no: runNo, direction, model_id, step })))
    .onConflict(conflict => conflict.doNothing())
    .execute()
}
