import { writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { blobRoutes, type Explanation, explanationRoutes, HaganeError } from '@hagane/contract'
import { exitCodes } from '../failure.ts'
import { count, text, toggle } from '../grammar/flags.ts'
import { UsageError } from '../grammar/usage-error.ts'
import { type Invocation, verb } from '../invocation.ts'
import type { Column } from '../output/table.ts'

type Feature = NonNullable<Explanation['features']>[number]
const columns: readonly Column<Feature>[] = [
  ['Feature', one => one.name],
  ['Importance', one => one.importance],
]
const ended = ['Completed', 'Failed', 'Canceled', 'NotResponding', 'deleted']
const POLL_MS = 1000

async function whenEnded(call: Invocation, query: { model?: string; prediction?: string }): Promise<Explanation> {
  for (;;) {
    const found = await call.client.call(explanationRoutes.show, { query })
    if (ended.includes(found.status)) return found
    await pause(POLL_MS)
  }
}

async function tell(call: Invocation, found: Explanation, html: string | undefined): Promise<number> {
  if (html !== undefined) {
    const entry = found.report?.find(({ path }) => path === 'report.html')
    if (entry === undefined)
      throw new HaganeError('conflict', `job ${found.job} has made no report: it is ${found.status}`)
    const response = await call.client.raw(blobRoutes.get, { params: { digest: entry.digest } })
    await writeFile(resolve(call.surroundings.cwd, html), Buffer.from(await response.arrayBuffer()))
  }
  if (call.globals.output === 'table') await call.print(found.features ?? [], columns)
  else await call.print(found)
  return ['Failed', 'Canceled'].includes(found.status) ? exitCodes.failure : exitCodes.ok
}

export const explain = verb({
  name: 'explain',
  summary: 'Say which features move a model version, or one prediction of it',
  description:
    'Runs a job in the environment of the model: SHAP values where it holds shap, else permutation importance. The report stays with the model version.',
  examples: [
    'hagane model explain -n flights -v 3 --wait -o table',
    'hagane model explain -n flights -v 3 --data azureml:flights-test:1 --wait --html report.html',
    'hagane model explain --prediction pr-0123456789abcdef-01JCY0R3KQ6W2M8Z4V7T5N9X1B --wait',
    'hagane model explain -n flights -v 3 --show',
  ],
  flags: {
    name: text('-n, --name <name>', 'name of the model'),
    version: text('-v, --version <version>', 'version'),
    prediction: text('--prediction <id>', 'explain this prediction; its inputs must have been collected'),
    data: text('--data <reference>', 'rows to explain: azureml:<name>:<version> (default: training data)'),
    target: text('--target <column>', 'column of the data that is no feature, where the model has no signature'),
    rows: count('--rows <n>', 'how many rows at most (default: 1000)'),
    wait: toggle('--wait', 'wait for the job and print what it found'),
    show: toggle('--show', 'print the last explanation, without a new job'),
    html: text('--html <path>', 'with --wait or --show: write the report as a page'),
  },
  run: async (call, options) => {
    const { name, version, prediction, data, target, rows } = options
    const isModel = name !== undefined && version !== undefined
    if (isModel === (prediction !== undefined))
      throw new UsageError('model explain needs -n and -v, or --prediction', 'hagane model explain -n flights -v 3')
    const of = prediction === undefined ? { model: `${name}:${version}` } : { prediction }
    if (options.show) return tell(call, await call.client.call(explanationRoutes.show, { query: of }), options.html)
    if (options.html !== undefined && !options.wait)
      throw new UsageError(
        '--html is for --wait or --show',
        'hagane model explain -n flights -v 3 --wait --html report.html',
      )
    const more = { ...(data === undefined ? {} : { data }), ...(target === undefined ? {} : { target }) }
    const body = { ...of, ...more, ...(rows === undefined ? {} : { rows }) }
    const job = await call.client.call(explanationRoutes.create, { body })
    if (!options.wait) {
      await call.print(job)
      return exitCodes.ok
    }
    call.note(`job ${job.name}: follow it with \`hagane job stream -n ${job.name}\``)
    return tell(call, await whenEnded(call, of), options.html)
  },
})
