import { basename, dirname, resolve } from 'node:path'
import { monitorRoutes, type ScheduleResource, type ScheduleRun, scheduleRoutes } from '@hagane/contract'
import { submittedState } from '../git/submitted-state.ts'
import { count, list, requiredText, text, toggle } from '../grammar/flags.ts'
import { type Invocation, type Noun, type Verb, verb } from '../invocation.ts'
import { changedFields } from '../manifest/changes.ts'
import { loadResource } from '../manifest/load-resource.ts'
import type { Column } from '../output/table.ts'
import { confirm } from '../terminal/confirm.ts'
import { changeFlags } from './asset-flags.ts'
import { enabledFlags, enabledQuery } from './enabled-flags.ts'
import { jobColumns } from './job-flags.ts'
import { runColumns as monitorRunColumns, printChanged } from './monitor-columns.ts'
import { collect } from './pages.ts'

const columns: readonly Column<ScheduleResource>[] = [
  ['Name', schedule => schedule.name],
  [
    'Trigger',
    ({ trigger }) => (trigger.type === 'cron' ? trigger.expression : `${trigger.interval} ${trigger.frequency}`),
  ],
  ['TimeZone', schedule => schedule.trigger.time_zone],
  ['Enabled', schedule => schedule.is_enabled],
  ['NextRun', schedule => schedule.next_run_time],
  ['LastRun', schedule => schedule.last_run?.time],
  ['LastJob', ({ last_run: last }) => last?.job ?? last?.run ?? last?.error],
]
const runColumns: readonly Column<ScheduleRun>[] = [
  ['Time', run => run.time],
  ['Kind', run => run.kind],
  ['Outcome', run => run.outcome],
  ['Job', run => run.job ?? run.run],
  ['Error', run => run.error],
]

const scheduleName = requiredText('-n, --name <name>', 'name of the schedule')
const noWait = toggle('--no-wait', 'accepted', { ignored: true })
const maxResults = count('-r, --max-results <n>', 'how many at most')

async function put(call: Invocation, file: string, name: string | undefined, set: readonly string[]): Promise<void> {
  const { cwd } = call.surroundings
  const schedule = await loadResource(call, ['schedule', 'monitor'], { file, set, overrides: { name } })
  if ('create_monitor' in schedule)
    return printChanged(call, await call.client.call(monitorRoutes.create, { body: { monitor: schedule } }))
  const git = await submittedState(call, dirname(resolve(cwd, file)))
  const experiment = basename(cwd)
  const body = {
    schedule,
    ...(git === undefined ? {} : { git }),
    ...(experiment === '' ? {} : { default_experiment_name: experiment }),
  }
  await call.print(await call.client.call(scheduleRoutes.create, { body }), columns)
}

const create = verb({
  name: 'create',
  summary: 'Create a schedule, or replace the one of this name',
  description:
    'Its job is read, checked and uploaded now. Labels such as azureml:flights@latest are looked up each time a job is created.',
  examples: [
    'hagane schedule create -f schedule.yml',
    'hagane schedule create -f schedule.yml --set trigger.time_zone=UTC',
    'hagane schedule create -f monitor.yml',
  ],
  flags: {
    file: requiredText('-f, --file <path>', 'YAML specification of a schedule'),
    name: text('-n, --name <name>', 'name of the schedule'),
    set: list('--set <assignments...>', 'change the specification: property.path=value'),
    noWait,
  },
  run: (call, options) => put(call, options.file, options.name, options.set),
})

const show = verb({
  name: 'show',
  summary: 'Show a schedule, its next time and what became of the last',
  examples: ['hagane schedule show -n nightly --query next_run_time -o tsv'],
  flags: { name: scheduleName },
  run: async (call, options) => {
    await call.print(await call.client.call(scheduleRoutes.show, { params: { name: options.name } }), columns)
  },
})

const listVerb = verb({
  name: 'list',
  summary: 'List enabled schedules by name',
  examples: ['hagane schedule list -o table', 'hagane schedule list --include-disabled'],
  flags: {
    maxResults,
    ...enabledFlags,
  },
  run: async (call, options) => {
    const schedules = await collect<ScheduleResource>(options.maxResults ?? Number.MAX_SAFE_INTEGER, page =>
      call.client.call(scheduleRoutes.list, { query: { ...enabledQuery(options), ...page } }),
    )
    await call.print(schedules, columns)
  },
})

const changeable = [
  ...(['display_name', 'description', 'tags', 'properties'] as const),
  ...(['trigger', 'create_job', 'catch_up', 'is_enabled'] as const),
]

const update = verb({
  name: 'update',
  summary: 'Change a schedule; a new trigger starts from now',
  examples: [
    'hagane schedule update -n nightly --set description="new description"',
    'hagane schedule update -n nightly --set trigger.expression="0 3 * * *"',
  ],
  flags: { name: scheduleName, ...changeFlags, noWait },
  run: async (call, options) => {
    const params = { name: options.name }
    const current = await call.client.call(scheduleRoutes.show, { params })
    const body = changedFields(current, options, changeable)
    await call.print(await call.client.call(scheduleRoutes.update, { params, body }), columns)
  },
})

const toggleVerb = (name: 'enable' | 'disable', summary: string): Verb =>
  verb({
    name,
    summary,
    examples: [`hagane schedule ${name} -n nightly`],
    flags: { name: scheduleName, noWait },
    run: async (call, options) => {
      const body = { is_enabled: name === 'enable' }
      const params = { name: options.name }
      await call.print(await call.client.call(scheduleRoutes.update, { params, body }), columns)
    },
  })

const remove = verb({
  name: 'delete',
  summary: 'Delete a schedule; the jobs it created are kept',
  examples: ['hagane schedule delete -n nightly --yes'],
  flags: { name: scheduleName, yes: toggle('-y, --yes', 'do not ask'), noWait },
  run: async (call, options) => {
    await confirm(`Delete the schedule ${options.name}?`, options.yes, call.surroundings)
    await call.client.call(scheduleRoutes.delete, { params: { name: options.name } })
  },
})

const trigger = verb({
  name: 'trigger',
  summary: 'Create the job of a schedule now, or have its monitor judge, beside its times',
  examples: ['hagane schedule trigger -n nightly --query name -o tsv'],
  flags: { name: scheduleName },
  run: async (call, options) => {
    const params = { name: options.name }
    const { create_monitor } = await call.client.call(scheduleRoutes.show, { params })
    if (create_monitor === undefined)
      return call.print(await call.client.call(scheduleRoutes.trigger, { params }), jobColumns)
    await call.print(await call.client.call(monitorRoutes.run, { params, body: {} }), monitorRunColumns)
  },
})

const next = verb({
  name: 'next',
  summary: 'Print the next times of a schedule, in UTC and in its time zone',
  examples: ['hagane schedule next -n nightly --count 10 -o table'],
  flags: { name: scheduleName, count: count('-c, --count <n>', 'how many (default: 5)') },
  run: async (call, options) => {
    const query = options.count === undefined ? {} : { count: options.count }
    const { times, time_zone } = await call.client.call(scheduleRoutes.next, { params: { name: options.name }, query })
    await call.print(times, [
      ['Utc', (time: { utc: string }) => time.utc],
      [time_zone, (time: { local: string }) => time.local],
    ])
  },
})

const runs = verb({
  name: 'runs',
  summary: 'List what became of the times of a schedule: its jobs, and why there was none',
  examples: ['hagane schedule runs -n nightly -o table'],
  flags: { name: scheduleName, maxResults },
  run: async (call, options) => {
    const params = { name: options.name }
    const found = await collect<ScheduleRun>(options.maxResults ?? 50, page =>
      call.client.call(scheduleRoutes.runs, { params, query: page }),
    )
    await call.print(found, runColumns)
  },
})

export const noun: Noun = {
  name: 'schedule',
  summary: 'Create jobs at the times of a calendar',
  verbs: [
    create,
    listVerb,
    show,
    update,
    toggleVerb('enable', 'Enable a schedule; times that passed meanwhile get no job'),
    toggleVerb('disable', 'Disable a schedule; jobs that run go on'),
    remove,
    trigger,
    next,
    runs,
  ],
}
