import {
  type GateResult,
  type GateRunResource,
  gateRoutes,
  gateSpec,
  type RolloutResource,
  rolloutRoutes,
  rolloutSpec,
} from '@hagane/contract'
import { expect, it } from 'vitest'
import { bind, contractServer } from '../testing/contract-server.ts'
import { folderWith } from '../testing/files.ts'
import { runCli } from '../testing/run-cli.ts'

const time = '2026-11-26T12:00:00.000Z'
const creation_context = { created_at: time, created_by: 't', last_modified_at: time, last_modified_by: 't' }
const spec = rolloutSpec.parse({
  endpoint: 'e',
  deployment: 'green',
  strategy: { canary: { steps: [{ setWeight: 5 }] } },
})
const rollout = (more: Partial<RolloutResource> = {}): RolloutResource => ({
  ...{ id: 'azureml:r', name: 'r', tags: {}, endpoint: 'e', deployment: 'green', stable: 'blue', phase: 'Progressing' },
  ...{ attempt: 1, current_step: 0, steps: [{ name: 'setWeight 5', state: 'running' }], weight: 5, mirror: 0 },
  ...{ approvals: [], spec, etag: '1', creation_context },
  ...more,
})
const gate = gateSpec.parse({ name: 'g', data: 'azureml:d:1', target: 'y', metrics: [{ metric: 'f1', min: 0.5 }] })
const gateRun = (result: GateResult | undefined): GateRunResource => ({
  ...{ id: 'azureml:gate-g-1', name: 'gate-g-1', gate: 'g', candidate: 'azureml:m:3', job: 'gate-g-1' },
  status: result === undefined ? 'Failed' : 'Completed',
  ...(result === undefined ? { message: 'its job failed' } : { result, message: 'f1 is 0.4' }),
  table: [{ check: 'f1', candidate: 0.4, champion: null, difference: null, demand: '>= 0.5', result: 'fail' }],
  ...{ spec: gate, creation_context },
})

it('create sends the file with what flags say over it, and names the line of a mistake', async () => {
  const asked: unknown[] = []
  await using server = await contractServer(
    bind(rolloutRoutes.create, ({ body }) => {
      asked.push(body)
      return rollout()
    }),
  )
  const yaml = 'endpoint: e\ndeployment: green\nstrategy:\n  canary:\n    steps:\n      - setWeight: '
  const cwd = folderWith({ 'r.yml': `${yaml}20\n`, 'bad.yml': `${yaml}200\n` })
  const run = (...argv: string[]) => runCli(argv, { cwd, env: { HAGANE_URL: server.url } })
  expect(await run('rollout', 'create', '-f', 'r.yml', '--no-start', '--set', 'endpoint=f')).toMatchObject({ code: 0 })
  expect(asked).toMatchObject([
    { start: false, rollout: { endpoint: 'f', strategy: { canary: { steps: [{ setWeight: 20 }] } } } },
  ])
  const bad = await run('rollout', 'create', '-f', 'bad.yml')
  expect(bad.code).toBe(1)
  expect(bad.err).toContain('bad.yml:6')
})

it.each([
  [[rollout(), rollout({ phase: 'Healthy', weight: 100 })], 0, 'Healthy'],
  [[rollout({ phase: 'Degraded', message: 'errors is failed', weight: 0 })], 1, 'errors is failed'],
  [[rollout({ phase: 'Paused', pause: { reason: 'approval' } })], 2, 'Paused'],
] as [RolloutResource[], number, string][])(
  'watch tells each change once and how it ended (%#)',
  async (states, code, told) => {
    let at = 0
    await using server = await contractServer(
      bind(rolloutRoutes.show, () => states[Math.min(at++, states.length - 1)] ?? rollout()),
    )
    const ran = await runCli(['rollout', 'watch', '-n', 'r'], { env: { HAGANE_URL: server.url } })
    expect(ran).toMatchObject({ code, out: expect.stringContaining(told) })
    expect(ran.out.trim().split('\n')).toHaveLength(states.length)
  },
)

it.each([
  ['pass', 0],
  ['fail', 1],
  ['inconclusive', 2],
] as const)('gate run that comes to %s ends with exit code %i and the table', async (result, code) => {
  let looks = 0
  await using server = await contractServer(
    bind(gateRoutes.run, () => ({ ...gateRun(undefined), status: 'Running' as const })),
    bind(gateRoutes.showRun, () =>
      looks++ === 0 ? { ...gateRun(undefined), status: 'Running' as const } : gateRun(result),
    ),
  )
  const argv = ['gate', 'run', '-n', 'g', '--candidate', 'models:/m/3', '-o', 'table']
  const ran = await runCli(argv, { env: { HAGANE_URL: server.url } })
  expect(ran.code).toBe(code)
  expect(ran.out).toMatch(/fail +f1 +0\.4 +>= 0\.5/)
})

it('gate run of what cannot be judged says where to look', async () => {
  await using server = await contractServer(bind(gateRoutes.run, () => gateRun(undefined)))
  const ran = await runCli(['gate', 'run', '-n', 'g', '--candidate', 'models:/m/3'], {
    env: { HAGANE_URL: server.url },
  })
  expect(ran).toMatchObject({ code: 1, err: expect.stringContaining('hagane job stream -n gate-g-1') })
})
