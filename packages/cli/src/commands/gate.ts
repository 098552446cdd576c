import { setTimeout as pause } from 'node:timers/promises'
import {
  type GateCheck,
  type GateResource,
  type GateResult,
  type GateRunResource,
  gateRoutes,
  HaganeError,
} from '@hagane/contract'
import { count, list, requiredText, text, toggle } from '../grammar/flags.ts'
import { type Invocation, type Noun, verb } from '../invocation.ts'
import { loadResource } from '../manifest/load-resource.ts'
import type { Column } from '../output/table.ts'
import { confirm } from '../terminal/confirm.ts'
import { collect } from './pages.ts'

const lookMs = 300
/** What a script learns from the exit code of `gate run`. */
const exitCodeOf: Record<GateResult, number> = { pass: 0, fail: 1, inconclusive: 2 }

const columns: readonly Column<GateResource>[] = [
  ['Name', gate => gate.name],
  ['Data', gate => gate.spec.data],
  ['Target', gate => gate.spec.target],
  ['Metrics', gate => gate.spec.metrics.map(({ metric }) => metric).join(', ')],
  ['DecideBy', gate => gate.spec.decide_by],
]
const runColumns: readonly Column<GateRunResource>[] = [
  ['Name', run => run.name],
  ['Gate', run => run.gate],
  ['Candidate', run => run.candidate],
  ['Champion', run => run.champion],
  ['Status', run => run.status],
  ['Result', run => run.result],
  ['Message', run => run.message],
]
const number = (value: number | null): string => (value === null ? '' : String(Number(value.toPrecision(5))))
const checkColumns: readonly Column<GateCheck>[] = [
  ['Result', check => check.result],
  ['Check', check => check.check],
  ['Slice', check => check.slice],
  ['Candidate', check => number(check.candidate)],
  ['Champion', check => number(check.champion)],
  ['Demand', check => check.demand],
  ['Interval', ({ interval }) => (interval === undefined ? '' : `${number(interval[0])} to ${number(interval[1])}`)],
  ['Rows', check => check.rows],
  ['Note', check => check.note],
]

const gateName = requiredText('-n, --name <name>', 'name of the gate')
const maxResults = count('-r, --max-results <n>', 'how many at most')

const create = verb({
  name: 'create',
  summary: 'Create a gate, or replace the one of this name',
  examples: ['hagane gate create -f gate.yml', 'hagane gate create -f gate.yml --set decide_by=value'],
  flags: {
    file: requiredText('-f, --file <path>', 'YAML specification of a gate'),
    name: text('-n, --name <name>', 'name of the gate'),
    set: list('--set <assignments...>', 'change the specification: property.path=value'),
  },
  run: async (call, { file, name, set }) => {
    const body = await loadResource(call, 'gate', { file, set, overrides: { name } })
    await call.print(await call.client.call(gateRoutes.create, { body }), columns)
  },
})

const listVerb = verb({
  name: 'list',
  summary: 'List gates by name',
  examples: ['hagane gate list -o table'],
  flags: { maxResults },
  run: async (call, options) => {
    const gates = await collect<GateResource>(options.maxResults ?? Number.MAX_SAFE_INTEGER, page =>
      call.client.call(gateRoutes.list, { query: page }),
    )
    await call.print(gates, columns)
  },
})

const show = verb({
  name: 'show',
  summary: 'Show a gate',
  examples: ['hagane gate show -n flights'],
  flags: { name: gateName },
  run: async (call, options) => {
    await call.print(await call.client.call(gateRoutes.show, { params: { name: options.name } }), columns)
  },
})

const remove = verb({
  name: 'delete',
  summary: 'Delete a gate; its runs are kept',
  examples: ['hagane gate delete -n flights --yes'],
  flags: { name: gateName, yes: toggle('-y, --yes', 'do not ask') },
  run: async (call, options) => {
    await confirm(`Delete the gate ${options.name}?`, options.yes, call.surroundings)
    await call.client.call(gateRoutes.delete, { params: { name: options.name } })
  },
})

/** On a terminal and as a table the checks, as JSON everything. */
async function printRun(call: Invocation, run: GateRunResource): Promise<void> {
  const onTerminal = call.surroundings.stdout.isTTY === true && !call.resultIsWanted
  if (call.globals.output !== 'table' && !onTerminal) return call.print(run)
  await call.print(run.table, checkColumns)
  const beside = run.champion === undefined ? '' : ` beside ${run.champion}`
  call.note(`${run.name}: ${run.candidate}${beside}: ${run.result ?? run.status}: ${run.message ?? ''}`)
}

async function ended(call: Invocation, started: GateRunResource): Promise<GateRunResource> {
  let run = started
  if (run.status === 'Running') call.note(`${run.name} judges ${run.candidate}; log: hagane job stream -n ${run.name}`)
  while (run.status === 'Running') {
    await pause(lookMs)
    run = await call.client.call(gateRoutes.showRun, { params: { name: run.name } })
  }
  return run
}

const runVerb = verb({
  name: 'run',
  summary: 'Judge a candidate beside the champion, and wait for the result',
  description:
    'The exit code is 0 when it passes, 1 when it does not, 2 when it cannot be told. The champion is the alias champion of the same model; while there is none, only demands on the candidate itself count.',
  examples: [
    'hagane gate run -n flights --candidate models:/flights/3',
    'hagane gate run -n flights --candidate azureml:flights:3 --champion models:/flights@champion -o table',
  ],
  flags: {
    name: gateName,
    candidate: requiredText('--candidate <model>', 'azureml:<name>:<version> or models:/<name>/<version>'),
    champion: text('--champion <model>', 'the model to compare with (default: the alias champion)'),
    noWait: toggle('--no-wait', 'do not wait for the result'),
  },
  run: async (call, { name, candidate, champion, noWait }) => {
    const body = { candidate, ...(champion === undefined ? {} : { champion }) }
    const started = await call.client.call(gateRoutes.run, { params: { name }, body })
    if (noWait) {
      await call.print(started, runColumns)
      return undefined
    }
    const run = await ended(call, started)
    await printRun(call, run)
    if (run.result !== undefined) return exitCodeOf[run.result]
    const hint = run.job === undefined ? 'look into its models' : `hagane job stream -n ${run.job}`
    throw new HaganeError('unsupported', `${run.candidate} could not be judged: ${run.message ?? run.status}`, { hint })
  },
})

const runs = verb({
  name: 'runs',
  summary: 'List runs of gates, newest first',
  examples: ['hagane gate runs -o table', 'hagane gate runs -n flights --query "[0].result" -o tsv'],
  flags: { name: text('-n, --name <name>', 'only those of this gate'), maxResults },
  run: async (call, options) => {
    const found = await collect<GateRunResource>(options.maxResults ?? 50, page =>
      call.client.call(gateRoutes.runs, { query: { ...page, gate: options.name } }),
    )
    await call.print(found, runColumns)
  },
})

const showRun = verb({
  name: 'show-run',
  summary: 'Show a run of a gate with its table',
  examples: ['hagane gate show-run -n gate-flights-8p0kq2w1ab -o table'],
  flags: { name: requiredText('-n, --name <name>', 'name of the run') },
  run: async (call, options) => {
    await printRun(call, await call.client.call(gateRoutes.showRun, { params: { name: options.name } }))
  },
})

export const noun: Noun = {
  name: 'gate',
  summary: 'Judge models before they replace the champion',
  verbs: [create, listVerb, show, remove, runVerb, runs, showRun],
}
