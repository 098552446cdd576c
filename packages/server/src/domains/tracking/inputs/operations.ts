import type { Database, Tx, Who } from '../../../kernel/db/index.ts'
import { appendRunEvent, requireActiveRun } from '../runs/logging.ts'
import { readsOf } from '../tables.ts'
import { integer, list, type Message, message, required, text } from '../wire/fields.ts'
import { invalidParameter } from '../wire/mlflow-error.ts'
import { checkBatchLimit, checkLength, checkRunId, limits } from '../wire/names.ts'
import { type Operation, operation } from '../wire/operation.ts'
import { listOut, optionalOut } from '../wire/response.ts'
import { asKeyValue, keyValue } from '../wire/shared-messages.ts'
import { datasetSummaries } from './reads.ts'
import { ensureDataset, linkDatasets, linkModels } from './store.ts'

const MAX_SUMMARIES = 1000
const MAX_EXPERIMENTS = 20
/** A profile may have 16 MB, and JSON escapes make it longer. */
const BODY_LIMIT = 64 * 2 ** 20

const dataset = {
  name: required(text),
  digest: required(text),
  source_type: required(text),
  source: required(text),
  schema: text,
  profile: text,
}
const inputsRequest = {
  run_id: required(text),
  datasets: list(message({ dataset: required(message(dataset)), tags: list(keyValue) })),
  models: list(message({ model_id: required(text) })),
}
const outputsRequest = {
  run_id: required(text),
  models: required(list(message({ model_id: required(text), step: integer }))),
}

const lengths = { name: 500, digest: 36, source: 65_535, schema: 1_048_575, profile: 16_777_215 } as const

function checkInput({ dataset: facts, tags }: Message<typeof inputsRequest>['datasets'][number]): void {
  for (const [name, limit] of Object.entries(lengths))
    checkLength(name, limit, facts[name as keyof typeof lengths] ?? '')
  for (const { key, value } of tags) {
    checkLength('key', 255, key)
    checkLength('value', 500, value ?? '')
  }
}

async function logInputs(tx: Tx, { run_id, datasets, models }: Message<typeof inputsRequest>): Promise<void> {
  const run = await requireActiveRun(tx, run_id)
  const links = []
  for (const { dataset: facts, tags } of datasets) {
    const { schema = null, profile = null, ...rest } = facts
    const datasetNo = await ensureDataset(tx, run.experiment_id, { ...rest, schema, profile })
    links.push({ datasetNo, tags: tags.map(asKeyValue) })
  }
  await linkDatasets(tx, run.run_no, links)
  await linkModels(
    tx,
    run.run_no,
    'input',
    models.map(({ model_id }) => ({ model_id, step: 0 })),
  )
  appendRunEvent(tx, run, 'inputs-logged', {
    datasets: datasets.map(({ dataset: { name, digest, source_type } }) => ({ name, digest, source_type })),
    models: models.map(({ model_id }) => model_id),
  })
}

/** What runs read and made: `runs/log-inputs`, `runs/outputs` and the web UI's list of data sets. */
export function inputOperations(
  db: Database,
  experimentNumber: (who: Who, id: string) => Promise<number>,
): Operation[] {
  return [
    operation({
      name: 'runs.logInputs',
      method: 'POST',
      path: '/runs/log-inputs',
      permission: 'tracking.write',
      summary: 'Log data sets and models that a run read',
      bodyLimit: BODY_LIMIT,
      request: inputsRequest,
      handle: async (input, call) => {
        checkRunId(input.run_id)
        checkBatchLimit('datasets', limits.datasetsPerBatch, input.datasets.length)
        input.datasets.forEach(checkInput)
        await db.withTransaction(call, tx => logInputs(tx, input))
        return {}
      },
    }),
    operation({
      name: 'runs.logOutputs',
      method: 'POST',
      path: '/runs/outputs',
      permission: 'tracking.write',
      summary: 'Log models that a run made',
      request: outputsRequest,
      handle: async ({ run_id, models }, call) => {
        const edges = models.map(({ model_id, step }) => ({ model_id, step: step ?? 0 }))
        await db.withTransaction(call, async tx => {
          const run = await requireActiveRun(tx, run_id)
          await linkModels(tx, run.run_no, 'output', edges)
          appendRunEvent(tx, run, 'outputs-logged', { models: edges.map(edge => edge.model_id) })
        })
        return {}
      },
    }),
    operation({
      name: 'experiments.searchDatasets',
      method: 'POST',
      path: '/experiments/search-datasets',
      permission: 'tracking.read',
      summary: 'List data sets that runs of experiments read',
      request: { experiment_ids: list(text) },
      handle: async ({ experiment_ids }, call) => {
        if (experiment_ids.length === 0)
          throw invalidParameter('SearchDatasets request must specify at least one experiment_id.')
        if (experiment_ids.length > MAX_EXPERIMENTS)
          throw invalidParameter(
            `SearchDatasets request cannot specify more than ${MAX_EXPERIMENTS} experiment_ids. Received ${experiment_ids.length} experiment_ids.`,
          )
        const numbers = await Promise.all(experiment_ids.map(id => experimentNumber(call, id)))
        const found = await datasetSummaries(readsOf(db), db.dialect, call.workspace, numbers, MAX_SUMMARIES)
        return {
          dataset_summaries: listOut(
            found.map(({ experiment_id, name, digest, context }) => ({
              experiment_id: String(experiment_id),
              name,
              digest,
              context: optionalOut(context),
            })),
          ),
        }
      },
    }),
  ]
}
