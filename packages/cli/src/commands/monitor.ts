import { setTimeout as pause } from 'node:timers/promises'
import { type MonitorResource, type MonitorRun, monitorRoutes } from '@hagane/contract'
import { count, list, requiredText, text, toggle } from '../grammar/flags.ts'
import { type Invocation, type Noun, type Verb, verb } from '../invocation.ts'
import { changedFields } from '../manifest/changes.ts'
import { loadResource } from '../manifest/load-resource.ts'
import { confirm } from '../terminal/confirm.ts'
import { changeFlags } from './asset-flags.ts'
import { enabledFlags, enabledQuery } from './enabled-flags.ts'
import { findingColumns, metricColumns, monitorColumns, printChanged, runColumns } from './monitor-columns.ts'
import { collect } from './pages.ts'

const monitorName = requiredText('-n, --name <name>', 'name of the monitor')
const maxResults = count('-r, --max-results <n>', 'how many at most')
const pollMs = 500

const create = verb({
  name: 'create',
  summary: 'Create a monitor, or replace the one of this name',
  description:
    "Takes Azure ML's schedule with create_monitor. Without monitoring_signals it watches data drift, prediction drift and data quality.",
  examples: ['hagane monitor create -f monitor.yml', 'hagane schedule create -f out-of-box-monitoring.yaml'],
  flags: {
    file: requiredText('-f, --file <path>', 'YAML specification of a monitor'),
    name: text('-n, --name <name>', 'name of the monitor'),
    set: list('--set <assignments...>', 'change the specification: property.path=value'),
  },
  run: async (call, { file, name, set }) => {
    const monitor = await loadResource(call, 'monitor', { file, set, overrides: { name } })
    await printChanged(call, await call.client.call(monitorRoutes.create, { body: { monitor } }))
  },
})

const listVerb = verb({
  name: 'list',
  summary: 'List enabled monitors by name',
  examples: ['hagane monitor list -o table', 'hagane monitor list --include-disabled'],
  flags: {
    maxResults,
    ...enabledFlags,
  },
  run: async (call, options) => {
    const monitors = await collect<MonitorResource>(options.maxResults ?? Number.MAX_SAFE_INTEGER, page =>
      call.client.call(monitorRoutes.list, { query: { ...enabledQuery(options), ...page } }),
    )
    await call.print(monitors, monitorColumns)
  },
})

const show = verb({
  name: 'show',
  summary: 'Show a monitor, its next time and what became of the last',
  examples: ['hagane monitor show -n flights --query last_run.result -o tsv'],
  flags: { name: monitorName },
  run: async (call, { name }) => {
    await call.print(await call.client.call(monitorRoutes.show, { params: { name } }), monitorColumns)
  },
})

const changeable = [
  ...(['display_name', 'description', 'tags', 'properties'] as const),
  ...(['trigger', 'create_monitor', 'catch_up', 'is_enabled'] as const),
]

const update = verb({
  name: 'update',
  summary: 'Change a monitor; a new trigger starts from now',
  examples: ['hagane monitor update -n flights --set trigger.interval=15 --set trigger.frequency=minute'],
  flags: { name: monitorName, ...changeFlags },
  run: async (call, options) => {
    const params = { name: options.name }
    const body = changedFields(await call.client.call(monitorRoutes.show, { params }), options, changeable)
    await printChanged(call, await call.client.call(monitorRoutes.update, { params, body }))
  },
})

const toggleVerb = (name: 'enable' | 'disable', summary: string): Verb =>
  verb({
    name,
    summary,
    examples: [`hagane monitor ${name} -n flights`],
    flags: { name: monitorName },
    run: async (call, options) => {
      const body = { is_enabled: name === 'enable' }
      await call.print(
        await call.client.call(monitorRoutes.update, { params: { name: options.name }, body }),
        monitorColumns,
      )
    },
  })

const remove = verb({
  name: 'delete',
  summary: 'Delete a monitor with its results',
  examples: ['hagane monitor delete -n flights --yes'],
  flags: { name: monitorName, yes: toggle('-y, --yes', 'do not ask') },
  run: async (call, options) => {
    await confirm(`Delete the monitor ${options.name} with its results?`, options.yes, call.surroundings)
    await call.client.call(monitorRoutes.delete, { params: { name: options.name } })
  },
})

/** Asks until the run is over. */
async function finished(call: Invocation, name: string, started: MonitorRun): Promise<MonitorRun> {
  let run = started
  while (run.finished_at === undefined) {
    await pause(pollMs)
    run = await call.client.call(monitorRoutes.results, { params: { name, run: run.name } })
  }
  return run
}

const run = verb({
  name: 'run',
  summary: 'Judge now, beside the times of the monitor, and wait for the result',
  examples: ['hagane monitor run -n flights', 'hagane monitor run -n flights --time 2026-06-01T00:00:00Z -o table'],
  flags: {
    name: monitorName,
    time: text('--time <time>', 'judge this moment instead of now (ISO 8601)'),
    noWait: toggle('--no-wait', 'do not wait for the result'),
  },
  run: async (call, { name, time, noWait }) => {
    const started = await call.client.call(monitorRoutes.run, {
      params: { name },
      body: time === undefined ? {} : { time },
    })
    await call.print(noWait ? started : await finished(call, name, started), runColumns)
  },
})

const runs = verb({
  name: 'runs',
  summary: 'List the runs of a monitor, newest first',
  examples: ['hagane monitor runs -n flights -o table'],
  flags: { name: monitorName, maxResults },
  run: async (call, { name, maxResults: most }) => {
    const found = await collect<MonitorRun>(most ?? 50, page =>
      call.client.call(monitorRoutes.runs, { params: { name }, query: page }),
    )
    await call.print(found, runColumns)
  },
})

const results = verb({
  name: 'results',
  summary: 'Print every metric of a run, the breached first',
  examples: [
    'hagane monitor results -n flights -o table',
    'hagane monitor results -n flights --run flights-20261126T100000Z',
  ],
  flags: {
    name: monitorName,
    run: text('--run <run>', 'name of the run (default: the newest that is over)'),
    signal: text('--signal <name>', 'only this signal'),
  },
  run: async (call, { name, run: asked, signal }) => {
    const found = await call.client.call(monitorRoutes.results, { params: { name, run: asked ?? 'latest' } })
    const wanted = found.results.filter(one => signal === undefined || one.signal === signal)
    for (const { signal: of, status, reason, notes } of wanted) {
      if (status === 'not_judged') call.note(`${of}: not judged: ${reason}`)
      for (const note of notes) call.note(`${of}: ${note}`)
    }
    await call.print(
      wanted.flatMap(one => one.findings),
      metricColumns,
    )
  },
})

const findings = verb({
  name: 'findings',
  summary: 'Print what is beyond its threshold now, with the rows that moved',
  examples: ['hagane monitor findings -n flights -o table', 'hagane lineage show --prediction <row>'],
  flags: { name: monitorName },
  run: async (call, { name }) => {
    const { items } = await call.client.call(monitorRoutes.findings, { params: { name } })
    await call.print(items, findingColumns)
  },
})

export const noun: Noun = {
  name: 'monitor',
  summary: 'Watch what deployments collect and answer',
  verbs: [
    create,
    listVerb,
    show,
    update,
    toggleVerb('enable', 'Enable a monitor; times that passed meanwhile are not judged'),
    toggleVerb('disable', 'Disable a monitor; what it found stays open'),
    remove,
    run,
    runs,
    results,
    findings,
  ],
}
