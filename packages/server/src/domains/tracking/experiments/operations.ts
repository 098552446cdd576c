import type { Database } from '../../../kernel/db/index.ts'
import { parseFilter } from '../search/filter.ts'
import { experimentGrammar } from '../search/grammar.ts'
import { parseOrderBy } from '../search/order-by.ts'
import { readsOf } from '../tables.ts'
import { integer, list, required, text } from '../wire/fields.ts'
import { invalidParameter } from '../wire/mlflow-error.ts'
import type { KeyValue } from '../wire/names.ts'
import { type Operation, operation } from '../wire/operation.ts'
import { decodePageToken, pageOf } from '../wire/page-token.ts'
import { listOut } from '../wire/response.ts'
import { asKeyValue, keyValue, viewType } from '../wire/shared-messages.ts'
import { type ExperimentRow, experimentTags, searchExperiments } from './reads.ts'
import type { Experiments } from './service.ts'

const MAX_RESULTS = 50_000

/** An experiment as MLflow's proto has it. */
export const experimentOut = (row: ExperimentRow, tags: readonly KeyValue[]) => ({
  experiment_id: String(row.experiment_id),
  name: row.name,
  artifact_location: row.artifact_location,
  lifecycle_stage: row.lifecycle_stage,
  last_update_time: row.last_update_time,
  creation_time: row.creation_time,
  tags: listOut(tags.map(({ key, value }) => ({ key, value }))),
})

/** A page size that has to be there and positive, as SearchExperiments wants it. */
export function checkedPageSize(sent: number | undefined, max: number): number {
  const size = sent ?? 0
  if (size <= 0)
    throw invalidParameter(`Invalid value ${size} for parameter 'max_results' supplied. It must be a positive integer`)
  if (size > max)
    throw invalidParameter(`Invalid value ${size} for parameter 'max_results' supplied. It must be at most ${max}`)
  return size
}

/** `experiments/*` of MLflow's REST API. */
export function experimentOperations(db: Database, experiments: Experiments): Operation[] {
  const out = async (rows: readonly ExperimentRow[]) => {
    const tags = await experimentTags(
      readsOf(db),
      db.dialect,
      rows.map(row => row.experiment_id),
    )
    return rows.map(row => experimentOut(row, tags.get(row.experiment_id) ?? []))
  }
  const one = async (row: ExperimentRow) => ({ experiment: (await out([row]))[0] })
  const search = {
    request: { view_type: viewType, max_results: integer, order_by: list(text), filter: text, page_token: text },
    permission: 'tracking.read' as const,
    path: '/experiments/search',
    summary: 'Search experiments',
    handle: async (input: SearchInput, call: Parameters<Experiments['get']>[0]) => {
      const limit = checkedPageSize(input.max_results, MAX_RESULTS)
      const filter = parseFilter(input.filter, experimentGrammar)
      const orderBy = parseOrderBy(input.order_by, experimentGrammar)
      const { offset } = decodePageToken(input.page_token)
      await experiments.ensureDefault(call)
      const found = await searchExperiments(readsOf(db), db.dialect, {
        workspace: call.workspace,
        view: input.view_type ?? 'ACTIVE_ONLY',
        filter,
        orderBy,
        limit: limit + 1,
        offset,
      })
      const { rows, token } = pageOf(found, limit, offset)
      return { experiments: listOut(await out(rows)), next_page_token: token }
    },
  }
  return [
    ...lookups(experiments, one),
    operation({ ...search, name: 'experiments.search', method: 'POST' }),
    operation({ ...search, name: 'experiments.searchByQuery', method: 'GET' }),
    operation({
      name: 'experiments.list',
      method: 'GET',
      path: '/experiments/list',
      permission: 'tracking.read',
      summary: 'List experiments, for clients before MLflow 2',
      request: { view_type: viewType, max_results: integer, page_token: text },
      handle: (input, call) =>
        search.handle(
          { ...input, max_results: input.max_results ?? MAX_RESULTS, order_by: [], filter: undefined },
          call,
        ),
    }),
    ...changes(experiments),
  ]
}

const lookups = (experiments: Experiments, one: (row: ExperimentRow) => Promise<object>): Operation[] => [
  operation({
    name: 'experiments.create',
    method: 'POST',
    path: '/experiments/create',
    permission: 'tracking.write',
    summary: 'Create an experiment',
    request: { name: required(text), artifact_location: text, tags: list(keyValue) },
    handle: async ({ name, artifact_location, tags }, call) => {
      const row = await experiments.create(call, name, artifact_location || undefined, tags.map(asKeyValue))
      return { experiment_id: String(row.experiment_id) }
    },
  }),
  operation({
    name: 'experiments.get',
    method: 'GET',
    path: '/experiments/get',
    permission: 'tracking.read',
    summary: 'Show an experiment, deleted or not',
    request: { experiment_id: required(text) },
    handle: async ({ experiment_id }, call) => one(await experiments.get(call, experiment_id)),
  }),
  operation({
    name: 'experiments.getByName',
    method: 'GET',
    path: '/experiments/get-by-name',
    permission: 'tracking.read',
    summary: 'Show an experiment by its name',
    request: { experiment_name: required(text) },
    handle: async ({ experiment_name }, call) => one(await experiments.getByName(call, experiment_name)),
  }),
]

interface SearchInput {
  view_type: 'ACTIVE_ONLY' | 'DELETED_ONLY' | 'ALL' | undefined
  max_results: number | undefined
  order_by: string[]
  filter: string | undefined
  page_token: string | undefined
}

function changes(experiments: Experiments): Operation[] {
  const byId = { experiment_id: required(text) }
  const write = { method: 'POST' as const, permission: 'tracking.write' as const }
  return [
    operation({
      ...write,
      name: 'experiments.update',
      path: '/experiments/update',
      summary: 'Rename an experiment',
      request: { ...byId, new_name: required(text) },
      handle: async ({ experiment_id, new_name }, call) => {
        await experiments.rename(call, experiment_id, new_name)
        return {}
      },
    }),
    operation({
      ...write,
      name: 'experiments.delete',
      path: '/experiments/delete',
      summary: 'Delete an experiment and its runs; both can be restored',
      request: byId,
      handle: async ({ experiment_id }, call) => {
        await experiments.move(call, experiment_id, 'deleted')
        return {}
      },
    }),
    operation({
      ...write,
      name: 'experiments.restore',
      path: '/experiments/restore',
      summary: 'Restore a deleted experiment with all its runs',
      request: byId,
      handle: async ({ experiment_id }, call) => {
        await experiments.move(call, experiment_id, 'active')
        return {}
      },
    }),
    operation({
      ...write,
      name: 'experiments.setTag',
      path: '/experiments/set-experiment-tag',
      summary: 'Set a tag of an experiment',
      request: { ...byId, key: required(text), value: text },
      handle: async ({ experiment_id, key, value }, call) => {
        await experiments.setTag(call, experiment_id, { key, value: value ?? '' })
        return {}
      },
    }),
    operation({
      ...write,
      name: 'experiments.deleteTag',
      path: '/experiments/delete-experiment-tag',
      summary: 'Delete a tag of an experiment',
      request: { ...byId, key: required(text) },
      handle: async ({ experiment_id, key }, call) => {
        await experiments.deleteTag(call, experiment_id, key)
        return {}
      },
    }),
  ]
}
