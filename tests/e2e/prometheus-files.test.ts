import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gatewayTable } from '@hagane/contract'
import { Gateway } from '@hagane/gateway'
import { buildTestApp, type TestApp } from '@hagane/testkit'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { parse } from 'yaml'

const root = join(import.meta.dirname, '../..')
const deploy = join(root, 'deploy')
const key = 'the-key-of-this-test'
const dir = mkdtempSync(join(tmpdir(), 'hagane-prometheus-'))

let app: TestApp
let gateway: Gateway
beforeAll(async () => {
  app = await buildTestApp()
  gateway = await Gateway.start({ dir, host: '127.0.0.1', port: 0, maxBody: 2 ** 20 })
  const more = { workers: 1, environment_variables: {}, request_settings: {}, liveness_probe: {}, readiness_probe: {} }
  const model_file = join(root, 'packages/gateway/fixtures/iris.onnx')
  const runtime = { kind: 'onnx', model_file, model_dir: dir }
  const key_hashes = [createHash('sha256').update(key).digest('hex')]
  const deployments = [{ ...more, runtime, name: 'blue', revision_id: '0123456789abcdef' }]
  const endpoint = {
    workspace: 'default',
    name: 'iris',
    auth_mode: 'key',
    key_hashes,
    traffic: { blue: 100 },
    deployments,
  }
  gateway.use(gatewayTable.parse({ revision: '1', endpoints: [{ ...endpoint, mirror_traffic: {} }] }))
}, 120_000)
afterAll(async () => {
  await gateway.close()
  await app[Symbol.asyncDispose]()
  rmSync(dir, { recursive: true, force: true })
})

const gatewayUrl = () => `http://127.0.0.1:${gateway.address.port}`
const pages = async () => {
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' }
  const score = { method: 'POST', headers, body: '{"inputs":{"X":[[5,3,1,0]]}}' }
  await expect
    .poll(async () => (await fetch(`${gatewayUrl()}/endpoints/iris/score`, score)).status, { timeout: 60_000 })
    .toBe(200)
  await fetch(`${gatewayUrl()}/endpoints/iris/score`, { method: 'POST', body: '{}' })
  await fetch(`${app.url}/api/v1/status`)
  return Promise.all([`${app.url}/metrics`, `${gatewayUrl()}/metrics`].map(async url => (await fetch(url)).text()))
}

/** Names of samples on a page, those of a histogram with their endings. */
const namesOn = (page: string): string[] =>
  [...page.matchAll(/^# TYPE (\S+) (\S+)$/gm)].flatMap(([, name = '', type]) =>
    type === 'histogram' ? ['_bucket', '_sum', '_count'].map(ending => `${name}${ending}`) : [name],
  )
const namesIn = (expression: string): string[] => expression.match(/\b(?:hagane|process)_\w+/g) ?? []

const dashboards = () => readdirSync(join(deploy, 'grafana')).filter(name => name.endsWith('.json'))
interface Dashboard {
  uid: string
  schemaVersion: number
  templating: { list: { type: string; definition?: string }[] }
  panels: { id: number; title: string; gridPos: { x: number; w: number }; targets: { expr: string; refId: string }[] }[]
}
const read = (name: string): Dashboard => JSON.parse(readFileSync(join(deploy, 'grafana', name), 'utf8'))

it('every metric of the dashboards and rules is on the pages of a running server and gateway', async () => {
  const known = new Set((await pages()).flatMap(namesOn))
  expect(known.size).toBeGreaterThan(30)
  const rules = parse(readFileSync(join(deploy, 'prometheus/hagane.rules.yml'), 'utf8')) as {
    groups: { rules: { expr: string; record?: string; alert?: string }[] }[]
  }
  const all = rules.groups.flatMap(group => group.rules)
  const asked = [
    ...all.map(rule => rule.expr),
    ...dashboards().flatMap(name => {
      const { panels, templating } = read(name)
      const variables = templating.list.flatMap(({ definition }) => definition ?? [])
      return [...variables, ...panels.flatMap(panel => panel.targets.map(({ expr }) => expr))]
    }),
  ]
  expect([...new Set(asked.flatMap(namesIn))].filter(name => !known.has(name))).toEqual([])
  const recorded = all.flatMap(rule => rule.record ?? [])
  const used = all.flatMap(rule => rule.expr.match(/\bhagane:[\w:]+/g) ?? [])
  expect(used.filter(name => !recorded.includes(name))).toEqual([])
})

it('dashboards have panels with numbers of their own that lie within the page', () => {
  expect(dashboards().length).toBeGreaterThan(1)
  for (const name of dashboards()) {
    const { uid, schemaVersion, panels } = read(name)
    expect([name, schemaVersion >= 39, uid.length <= 40]).toEqual([name, true, true])
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length)
    for (const { gridPos, targets, title } of panels) {
      expect([title, gridPos.x + gridPos.w <= 24, targets.length > 0]).toEqual([title, true, true])
      expect(new Set(targets.map(({ refId }) => refId)).size).toBe(targets.length)
    }
  }
})

const promtool = spawnSync('promtool', ['--version'])
const hasPromtool = promtool.error === undefined

it.skipIf(!hasPromtool)(
  'promtool accepts rules, configuration and both pages (skipped where it is not on the PATH)',
  async () => {
    const files = join(deploy, 'prometheus')
    execFileSync('promtool', ['check', 'config', join(files, 'prometheus.yml')])
    expect(execFileSync('promtool', ['check', 'rules', join(files, 'hagane.rules.yml')], { encoding: 'utf8' })).toMatch(
      'SUCCESS',
    )
    for (const input of await pages()) {
      const checked = spawnSync('promtool', ['check', 'metrics'], { input, encoding: 'utf8' })
      expect(checked.stderr.split('\n').filter(line => /error/i.test(line))).toEqual([])
    }
  },
)
