import { lineageRoutes, type Recall } from '@hagane/contract'
import { saveLines } from '../download/save-lines.ts'
import { text, toggle } from '../grammar/flags.ts'
import { UsageError } from '../grammar/usage-error.ts'
import { verb } from '../invocation.ts'
import type { Column } from '../output/table.ts'

const columns: readonly Column<{ kind: string; name: string; more: string }>[] = [
  ['Kind', row => row.kind],
  ['Name', row => row.name],
  ['Predictions', row => row.more],
]

function rowsOf(recall: Recall) {
  const rows = (kind: string, names: readonly string[]) => names.map(name => ({ kind, name, more: '' }))
  return [
    ...rows('data', recall.data_from_it),
    ...rows(
      'job',
      recall.jobs.filter(name => !recall.batch_jobs.includes(name)),
    ),
    ...rows('model', recall.models),
    ...rows('batch job', recall.batch_jobs),
    ...rows('endpoint', recall.endpoints),
    ...recall.deployments.map(({ endpoint, deployment, revision_id, predictions: { count, from, to } }) => ({
      kind: 'deployment',
      name: `${endpoint}/${deployment}@${revision_id}`,
      more: from === undefined ? String(count) : `${count}, ${from} to ${to}`,
    })),
  ]
}

export const recall = verb({
  name: 'recall',
  summary: 'List every model, deployment, batch job and prediction that a version of data touched',
  examples: [
    'hagane data recall flights:3 -o table',
    'hagane data recall flights:3 --predictions --file touched.jsonl',
  ],
  argument: { spelling: '<data>', summary: '<name>:<version>' },
  flags: {
    predictions: toggle('--predictions', 'write the records of the predictions instead, one a line'),
    file: text('-f, --file <path>', 'with --predictions: file to write (default: stdout)'),
  },
  run: async (call, options) => {
    const query = { data: call.args[0] ?? '' }
    if (!options.predictions) {
      if (options.file !== undefined)
        throw new UsageError(
          '--file is for --predictions',
          'hagane data recall flights:3 --predictions --file touched.jsonl',
        )
      const found = await call.client.call(lineageRoutes.recall, { query })
      return call.globals.output === 'table' ? call.print(rowsOf(found), columns) : call.print(found)
    }
    await saveLines(call, await call.client.raw(lineageRoutes.recallPredictions, { query }), options.file)
  },
})
