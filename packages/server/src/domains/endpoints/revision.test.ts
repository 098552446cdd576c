import { onlineDeploymentSpec } from '@hagane/contract'
import { expect, test } from 'vitest'
import { gatewayEntry, type Prepared } from './revision.ts'

const lock = 'a'.repeat(64)
const prepared = (body: object = {}, more: Partial<Prepared> = {}): Prepared => ({
  workspace: 'default',
  endpoint: 'iris',
  deployment: 'blue',
  spec: onlineDeploymentSpec.parse(body),
  facts: { environment: { lock_digest: lock }, environment_variables: {} },
  runtime: { kind: 'python-score', python: '/p', code_dir: '/c', scoring_script: 'score.py' },
  ...more,
})
const idOf = (one: Prepared): string => gatewayEntry(one).revision_id

test('equal content is the same revision, wherever it was laid out', () => {
  const elsewhere = { ...prepared().runtime, code_dir: '/other' } as Prepared['runtime']
  expect(idOf(prepared())).toMatch(/^[0-9a-f]{16}$/)
  expect(idOf(prepared({}, { runtime: elsewhere }))).toBe(idOf(prepared()))
})

test.each([
  [
    'the environment',
    prepared({}, { facts: { environment: { lock_digest: 'b'.repeat(64) }, environment_variables: {} } }),
  ],
  ['the deployment', prepared({}, { deployment: 'green' })],
  ['the workspace', prepared({}, { workspace: 'team' })],
  ['the place of the model', prepared({ model_mount_path: '/models' })],
  ['a variable', prepared({ environment_variables: { A: 1 } })],
  ['batching', prepared({ properties: { 'hagane.batching': 'true' } })],
])('%s makes another revision', (_, changed) => {
  expect(idOf(changed)).not.toBe(idOf(prepared()))
})

test.each<[string, object]>([
  ['the number of instances', { instance_count: 2 }],
  ['the timeout', { request_settings: { request_timeout_ms: 1 } }],
  ['a probe', { liveness_probe: { period: 99 } }],
  ['the rule of scaling', { scale_settings: { type: 'target_utilization', max_instances: 4 } }],
])('%s changes in place', (_, body) => {
  expect(idOf(prepared(body))).toBe(idOf(prepared()))
  expect(gatewayEntry(prepared(body))).not.toEqual(gatewayEntry(prepared()))
})

test('workers are instances times WORKER_COUNT, and variables are text as Python writes it', () => {
  const entry = gatewayEntry(
    prepared({ instance_count: 3, environment_variables: { WORKER_COUNT: 2, DEBUG: true, NONE: null } }),
  )
  expect(entry.workers).toBe(6)
  expect(entry.environment_variables).toEqual({ WORKER_COUNT: '2', DEBUG: 'True', NONE: '' })
  expect(gatewayEntry(prepared({ environment_variables: { WORKER_COUNT: 'many' } })).workers).toBe(1)
})

test("Azure ML's defaults are what the gateway is told", () => {
  expect(gatewayEntry(prepared())).toMatchObject({
    request_settings: { request_timeout_ms: 5000, max_queue_wait_ms: 500 },
    liveness_probe: { initial_delay: 10, period: 10, timeout: 2, success_threshold: 1, failure_threshold: 30 },
  })
})
