import { createWriteStream, existsSync } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { type CollectedFile, collectionRoutes, type PredictionRows } from '@hagane/contract'
import { count, list, requiredText, text } from '../grammar/flags.ts'
import { UsageError } from '../grammar/usage-error.ts'
import { type Invocation, verb } from '../invocation.ts'
import type { Column } from '../output/table.ts'
import { namedTable, onServer } from './data-tables.ts'
import { periodFlags, periodOf } from './time-flags.ts'

const endpointName = requiredText('-n, --name <name>', 'name of the endpoint')
const formats = { '.csv': 'csv', '.parquet': 'parquet', '.jsonl': 'json', '.ndjson': 'json' } as const

export const predictions = verb({
  name: 'predictions',
  summary: 'Predictions of a time with inputs, outputs and labels, or the answer of a SELECT over them',
  description:
    'The tables are predictions (one row for each predicted row: ids, time, deployment, status, latency_ms, output, input_<column> where model_inputs are collected, label_<column> from feedback) and feedback (everything that was said, in its order).',
  examples: [
    'hagane online-endpoint predictions -n flights --since 2h -o table',
    'hagane online-endpoint predictions -n flights --query-sql "select deployment, avg(latency_ms) from predictions group by 1"',
    'hagane online-endpoint predictions -n flights --since 7d --output-file week.parquet',
  ],
  flags: {
    name: endpointName,
    deploymentName: list('-d, --deployment-name <names...>', 'predictions of these deployments'),
    prediction: text('--prediction <id>', 'one prediction, or one row of it'),
    ...periodFlags,
    querySql: text('--query-sql <select>', 'one SELECT over predictions and feedback (DuckDB)'),
    maxResults: count('--max-results <n>', 'how many rows at most (default: 100)'),
    outputFile: text('--output-file <path>', 'write all of it to a file: .csv, .parquet or .jsonl'),
  },
  run: async (call, options) => {
    const what = {
      ...periodOf(options),
      ...(options.deploymentName.length === 0 ? {} : { deployments: options.deploymentName }),
      ...(options.querySql === undefined ? {} : { sql: options.querySql }),
    }
    const params = { name: options.name }
    const { prediction, maxResults = 100, outputFile } = options
    if (outputFile !== undefined && (prediction ?? options.maxResults) !== undefined)
      throw new UsageError(
        '--output-file writes all rows: it goes with neither --prediction nor --max-results',
        'say which rows with --since, --until, --deployment-name or --query-sql',
      )
    if (outputFile !== undefined) return save(call, params, what, outputFile)
    const body = { ...what, limit: maxResults, ...(prediction === undefined ? {} : { prediction }) }
    const found: PredictionRows = await call.client.call(collectionRoutes.predictions, { params, body })
    if (found.truncated) call.note(`there are more than ${maxResults} rows: --max-results or --output-file shows them`)
    const rows = found.rows.map(row => Object.fromEntries(found.columns.map(({ name }, at) => [name, row[at]])))
    const columns = found.columns.map(({ name }): Column<Record<string, unknown>> => [name, row => row[name]])
    await call.print(rows, columns)
  },
})

async function save(
  call: Invocation,
  params: { name: string },
  what: { since?: string; until?: string; deployments?: string[]; sql?: string },
  path: string,
): Promise<void> {
  const ending = Object.keys(formats).find(one => path.toLowerCase().endsWith(one)) as keyof typeof formats | undefined
  if (ending === undefined)
    throw new UsageError(
      `--output-file: '${path}' has no ending that says a format`,
      `use ${Object.keys(formats).join(', ')}`,
    )
  const target = resolve(call.surroundings.cwd, path)
  if (!existsSync(dirname(target))) throw new UsageError(`--output-file: there is no folder ${dirname(target)}`)
  const body = { ...what, format: formats[ending] }
  const answer = await call.client.raw(collectionRoutes.exportPredictions, { params, body })
  await writeWhole(target, Readable.fromWeb(answer.body as Parameters<typeof Readable.fromWeb>[0]))
  call.note(`written to ${target}`)
}

/** A file appears under its name only when all of it is there. */
async function writeWhole(target: string, source: Readable): Promise<void> {
  const draft = `${target}.${process.pid}.part`
  try {
    await pipeline(source, createWriteStream(draft))
    await rename(draft, target)
  } catch (error) {
    await rm(draft, { force: true })
    throw error
  }
}

export const feedback = verb({
  name: 'feedback',
  summary: 'Say what turned out to be true of predictions',
  description:
    'A table with a column of ids (row_id, prediction_id or correlation_id) and one or more of labels. Sent again it changes nothing; a later word on the same row wins, the earlier one stays in the history.',
  examples: [
    'hagane online-endpoint feedback -n flights --file labels.csv',
    'hagane online-endpoint feedback -n flights --data azureml:labels:3 --key id',
  ],
  flags: {
    name: endpointName,
    file: text('-f, --file <path>', 'CSV, Parquet or JSON lines file, or a folder of such'),
    data: text('--data <reference>', 'a table that the server knows: azureml:<data>:<version>, azureml://…'),
    key: text('--key <column>', 'the column with the ids (default: row_id, prediction_id or correlation_id)'),
  },
  run: async (call, options) => {
    const { file, data, key } = options
    const given = file ?? data
    if (given === undefined || (file !== undefined && data !== undefined))
      throw new UsageError('online-endpoint feedback needs either --file or --data', '--file labels.csv')
    const reference = await onServer(
      call,
      namedTable(given, call.surroundings.cwd, file === undefined ? '--data' : '--file'),
    )
    const body = { data: reference, ...(key === undefined ? {} : { key }) }
    const answer = await call.client.call(collectionRoutes.feedback, { params: { name: options.name }, body })
    if (answer.known) call.note('this was the last word already: nothing changed')
    await call.print(answer)
  },
})

const fileColumns: readonly Column<CollectedFile>[] = [
  ['Hour', file => file.hour],
  ['Deployment', file => file.deployment],
  ['Collection', file => file.collection],
  ['Rows', file => file.rows],
  ['Bytes', file => file.size],
  ['Path', file => file.path],
]

export const collected = verb({
  name: 'collected',
  summary: 'List the Parquet files of what was collected',
  examples: ['hagane online-endpoint collected -n flights -d blue --collection model_inputs -o table'],
  flags: {
    name: endpointName,
    deploymentName: text('-d, --deployment-name <name>', 'of this deployment'),
    collection: text('--collection <name>', 'predictions, model_inputs, model_outputs, request, response, feedback, …'),
  },
  run: async (call, options) => {
    const { collection, deploymentName: deployment } = options
    const query = {
      ...(collection === undefined ? {} : { collection }),
      ...(deployment === undefined ? {} : { deployment }),
    }
    const answer = await call.client.call(collectionRoutes.collected, { params: { name: options.name }, query })
    await call.print(answer.items, fileColumns)
  },
})
