import type { Database, Who } from '../../../kernel/db/index.ts'
import { parseFilter } from '../search/filter.ts'
import { type Comparison, loggedModelGrammar } from '../search/grammar.ts'
import { readsOf } from '../tables.ts'
import { flag, integer, list, type Message, message, required, text } from '../wire/fields.ts'
import { invalidParameter } from '../wire/mlflow-error.ts'
import { type Operation, operation } from '../wire/operation.ts'
import { decodePageToken, encodePageToken } from '../wire/page-token.ts'
import { listOut } from '../wire/response.ts'
import { loggedModelOut } from './messages.ts'
import { loggedModelData, type ModelOrder, searchLoggedModels } from './reads.ts'

const MAX_RESULTS = 1000
const DEFAULT_RESULTS = 100

const order = { field_name: required(text), ascending: flag, dataset_name: text, dataset_digest: text }
const request = {
  experiment_ids: required(list(text)),
  filter: text,
  datasets: list(message({ dataset_name: text, dataset_digest: text })),
  max_results: integer,
  order_by: list(message(order)),
  page_token: text,
}

/** `POST logged-models/search`. A page token belongs to one search: other experiments, filter or order make it invalid. */
export const loggedModelSearch = (
  db: Database,
  experimentNumber: (who: Who, id: string) => Promise<number>,
): Operation =>
  operation({
    name: 'loggedModels.search',
    method: 'POST',
    path: '/logged-models/search',
    permission: 'tracking.read',
    summary: 'Search logged models',
    request,
    handle: async (input, call) => {
      const limit = pageSize(input.max_results)
      const { experiment_ids, filter, order_by } = input
      const held = { experiment_ids, filter, order_by }
      const { offset, more } = decodePageToken(input.page_token)
      if (offset > 0 && JSON.stringify(more) !== JSON.stringify(JSON.parse(JSON.stringify(held))))
        throw invalidParameter('The page token belongs to a search with other experiment_ids, filter or order_by.')
      const rows = await searchLoggedModels(readsOf(db), db.dialect, {
        workspace: call.workspace,
        experimentIds: await Promise.all(experiment_ids.map(id => experimentNumber(call, id))),
        filter: parseFilter(filter, loggedModelGrammar).map(statusByName),
        datasets: input.datasets.map(datasetFilter),
        orderBy: order_by.map(orderOf),
        limit: limit + 1,
        offset,
      })
      const page = rows.slice(0, limit)
      const data = await loggedModelData(
        readsOf(db),
        db.dialect,
        page.map(row => row.model_id),
      )
      return {
        models: listOut(
          page.map(row => loggedModelOut(row, data.get(row.model_id) ?? { params: [], tags: [], metrics: [] })),
        ),
        next_page_token: rows.length > limit ? encodePageToken(offset + limit, held) : undefined,
      }
    },
  })

function pageSize(sent: number | undefined): number {
  const size = sent || DEFAULT_RESULTS
  if (size < 0)
    throw invalidParameter(`Invalid value ${size} for parameter 'max_results' supplied. It must be a positive integer`)
  return Math.min(size, MAX_RESULTS)
}

function datasetFilter({
  dataset_name,
  dataset_digest,
}: {
  dataset_name: string | undefined
  dataset_digest: string | undefined
}) {
  if (!dataset_name) throw invalidParameter('`dataset_name` in the `datasets` clause must be specified.')
  return { dataset_name, dataset_digest: dataset_digest || undefined }
}

function orderOf({ field_name, ascending, dataset_name, dataset_digest }: Message<typeof order>): ModelOrder {
  const dataset = { dataset_name: dataset_name || undefined, dataset_digest: dataset_digest || undefined }
  const direction = { ascending: ascending ?? true, dataset }
  if (!field_name.includes('.')) {
    const key = Object.hasOwn(loggedModelGrammar.orderable, field_name)
      ? loggedModelGrammar.orderable[field_name]
      : undefined
    if (key === undefined) throw invalidParameter(`Invalid order by field name: ${field_name}`)
    return { entity: 'attribute', key, ...direction }
  }
  if (!field_name.startsWith('metrics.'))
    throw invalidParameter(`Invalid order by field name: ${field_name}. Only metrics are supported.`)
  return { entity: 'metric', key: field_name.slice('metrics.'.length).replaceAll('`', ''), ...direction }
}

const statusNames: Record<string, string> = {
  '1': 'PENDING',
  '2': 'READY',
  '3': 'UPLOAD_FAILED',
  FAILED: 'UPLOAD_FAILED',
}
const statusName = (text: string): string => {
  const short = text.replace(/^LOGGED_MODEL_/, '')
  return statusNames[short] ?? short
}

/** A status may be compared by name, with or without prefix, or by its number. */
function statusByName(comparison: Comparison): Comparison {
  if (comparison.entity !== 'attribute' || comparison.key !== 'status') return comparison
  const { value } = comparison
  if (typeof value === 'string') return { ...comparison, value: statusName(value) } as Comparison
  return Array.isArray(value) ? ({ ...comparison, value: value.map(statusName) } as Comparison) : comparison
}
