import { type RolloutMeasurement, type RolloutResource, rolloutPhases, rolloutRoutes } from '@hagane/contract'
import { count, list, requiredText, text, toggle } from '../grammar/flags.ts'
import { type Noun, type Verb, verb } from '../invocation.ts'
import { loadResource } from '../manifest/load-resource.ts'
import type { Column } from '../output/table.ts'
import { confirm } from '../terminal/confirm.ts'
import { collect } from './pages.ts'
import { watchRollout } from './rollout-watch.ts'

const columns: readonly Column<RolloutResource>[] = [
  ['Name', rollout => rollout.name],
  ['Endpoint', rollout => rollout.endpoint],
  ['Candidate', rollout => rollout.deployment],
  ['Stable', rollout => rollout.stable],
  ['Phase', rollout => rollout.phase],
  [
    'Step',
    ({ current_step, spec, steps }) =>
      `${Math.max(0, current_step + (spec.model === undefined ? 0 : 1))}/${steps.length}`,
  ],
  ['Weight', rollout => rollout.weight],
  ['Message', rollout => rollout.message],
]
const number = (value: number | null): string => (value === null ? '' : String(Number(value.toPrecision(5))))
const measurementColumns: readonly Column<RolloutMeasurement>[] = [
  ['Time', one => one.time],
  ['Step', one => (one.step === -1 ? 'behind' : one.step)],
  ['Metric', one => one.metric],
  ['Phase', one => one.phase],
  ['Result', one => number(one.result)],
  ['Stable', one => number(one.stable)],
  ['Count', one => one.count],
  ['Message', one => one.message],
]

const rolloutName = requiredText('-n, --name <name>', 'name of the rollout')
const maxResults = count('-r, --max-results <n>', 'how many at most')
const watchFlag = toggle('--watch', 'follow it to its end')

const create = verb({
  name: 'create',
  summary: 'Create a rollout and start it',
  examples: [
    'hagane rollout create -f rollout.yml --watch',
    'hagane rollout create -f rollout.yml --set model=models:/flights/4',
  ],
  flags: {
    file: requiredText('-f, --file <path>', 'YAML specification of a rollout'),
    name: text('-n, --name <name>', 'name of the rollout'),
    set: list('--set <assignments...>', 'change the specification: property.path=value'),
    noStart: toggle('--no-start', 'only keep it; `hagane rollout start` begins it'),
    watch: watchFlag,
  },
  run: async (call, { file, name, set, noStart, watch }) => {
    const rollout = await loadResource(call, 'rollout', { file, set, overrides: { name } })
    const created = await call.client.call(rolloutRoutes.create, { body: { rollout, start: !noStart } })
    if (watch) return watchRollout(call, created.name)
    await call.print(created, columns)
    return undefined
  },
})

const listVerb = verb({
  name: 'list',
  summary: 'List rollouts, newest first',
  examples: ['hagane rollout list -o table', 'hagane rollout list --endpoint flights --phase Degraded'],
  flags: {
    endpoint: text('--endpoint <name>', 'only those of an endpoint'),
    phase: text('--phase <phase>', 'only those in a phase', { choices: rolloutPhases }),
    maxResults,
  },
  run: async (call, { endpoint, phase, maxResults: most }) => {
    const filter = { endpoint, phase: phase as RolloutResource['phase'] | undefined }
    const found = await collect<RolloutResource>(most ?? 50, page =>
      call.client.call(rolloutRoutes.list, { query: { ...page, ...filter } }),
    )
    await call.print(found, columns)
  },
})

const show = verb({
  name: 'show',
  summary: 'Show a rollout: its steps, where it is and why',
  examples: ['hagane rollout show -n flights-v3 --query phase -o tsv'],
  flags: { name: rolloutName },
  run: async (call, options) => {
    await call.print(await call.client.call(rolloutRoutes.show, { params: { name: options.name } }), columns)
  },
})

const measurements = verb({
  name: 'measurements',
  summary: 'List what was measured, newest first',
  examples: ['hagane rollout measurements -n flights-v3 -o table'],
  flags: { name: rolloutName, maxResults },
  run: async (call, options) => {
    const params = { name: options.name }
    const found = await collect<RolloutMeasurement>(options.maxResults ?? 100, page =>
      call.client.call(rolloutRoutes.measurements, { params, query: page }),
    )
    await call.print(found, measurementColumns)
  },
})

const watch = verb({
  name: 'watch',
  summary: 'Follow a rollout to its end, or until it waits for a person',
  description: 'The exit code is 0 when it is promoted, 1 when it turned back, 2 when it waits for a person.',
  examples: ['hagane rollout watch -n flights-v3'],
  flags: { name: rolloutName },
  run: (call, options) => watchRollout(call, options.name),
})

const comment = text('--comment <text>', 'kept with the decision')

type Act = 'start' | 'pause' | 'resume' | 'abort' | 'retry' | 'approve'
const act = (name: Act, summary: string): Verb =>
  verb({
    name,
    summary,
    examples: [`hagane rollout ${name} -n flights-v3`],
    flags: { name: rolloutName, comment },
    run: async (call, options) => {
      const body = options.comment === undefined ? {} : { comment: options.comment }
      const params = { name: options.name }
      await call.print(await call.client.call(rolloutRoutes[name], { params, body }), columns)
    },
  })

const promote = verb({
  name: 'promote',
  summary: 'Pass the step that pauses; with --full, all that are left',
  examples: ['hagane rollout promote -n flights-v3', 'hagane rollout promote -n flights-v3 --full --comment "hotfix"'],
  flags: { name: rolloutName, full: toggle('--full', 'pass every step that is left'), comment },
  run: async (call, { name, full, comment: said }) => {
    const body = { full, ...(said === undefined ? {} : { comment: said }) }
    await call.print(await call.client.call(rolloutRoutes.promote, { params: { name }, body }), columns)
  },
})

const remove = verb({
  name: 'delete',
  summary: 'Delete a rollout that is not on its way',
  examples: ['hagane rollout delete -n flights-v3 --yes'],
  flags: { name: rolloutName, yes: toggle('-y, --yes', 'do not ask') },
  run: async (call, options) => {
    await confirm(`Delete the rollout ${options.name}?`, options.yes, call.surroundings)
    await call.client.call(rolloutRoutes.delete, { params: { name: options.name } })
  },
})

export const noun: Noun = {
  name: 'rollout',
  summary: 'Replace a deployment by measured steps',
  verbs: [
    create,
    act('start', 'Start a pending rollout'),
    listVerb,
    show,
    watch,
    measurements,
    promote,
    act('approve', 'Approve the step that waits for it'),
    act('abort', 'Turn back: the earlier traffic is restored'),
    act('pause', 'Hold a rollout where it is'),
    act('resume', 'Go on after a pause that was asked for'),
    act('retry', 'Begin again after an abort, or measure again what was inconclusive'),
    remove,
  ],
}
