import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { createClient, eventRoutes, type MonitorRun, monitorRoutes } from '@hagane/contract'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { folderWith } from '../../packages/cli/src/testing/files.ts'
import { runCli } from '../../packages/cli/src/testing/run-cli.ts'
import { type RunningServer, startServer, stopServer } from '../../tools/demo/server.ts'

const KILLS = 4
const MONITORS = 4

let dataDir = ''
let server: RunningServer | undefined
beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'hagane-monitor-crash-'))
})
afterAll(async () => {
  if (server !== undefined) await stopServer(server)
  await rm(dataDir, { recursive: true, force: true, maxRetries: 10 })
})

const rows = (from: number): string =>
  ['x,y', ...Array.from({ length: 400 }, (_, n) => `${((n * 37) % 101) + from},${(n * 17) % 53}`)].join('\n')
const table = (name: string): string => `name: ${name}\nversion: 1\ntype: uri_file\npath: ./${name}.csv\n`
const data = (name: string) => ({ input_data: { path: `azureml:${name}:1`, type: 'uri_file' as const } })

it('judges each moment once and tells of each breach once, although the server is killed while it judges', async () => {
  server = await startServer(dataDir)
  const cwd = folderWith({
    ...{ 'then.csv': rows(0), 'now.csv': rows(500) },
    ...{ 'then.yml': table('then'), 'now.yml': table('now') },
  })
  for (const name of ['then', 'now'])
    expect(
      await runCli(['data', 'create', '-f', `${name}.yml`], { cwd, env: { HAGANE_URL: server.url } }),
    ).toMatchObject({ code: 0 })
  const names = Array.from({ length: MONITORS }, (_, i) => `m${i}`)
  const client = createClient({ url: server.url })
  const signal = { alert_enabled: true, production_data: data('now') }
  const reference_data = { ...data('then'), data_context: 'training' as const }
  for (const name of names) {
    const create_monitor = {
      monitoring_signals: {
        drift: { type: 'data_drift' as const, ...signal, reference_data },
        whole: { type: 'multivariate_drift' as const, ...signal, reference_data },
      },
    }
    const trigger = { type: 'recurrence' as const, frequency: 'month' as const, interval: 1, time_zone: 'UTC' }
    await client.call(monitorRoutes.create, { body: { monitor: { name, trigger, create_monitor } } })
    await client.call(monitorRoutes.run, { params: { name }, body: { time: '2026-05-01T14:00:00Z' } })
  }
  for (let kill = 0; kill < KILLS; kill++) {
    await setTimeout(250 + 700 * kill)
    process.kill(JSON.parse(await readFile(join(dataDir, 'server.json'), 'utf8')).pid, 'SIGKILL')
    await setTimeout(100)
    server = await startServer(dataDir)
  }
  const alive = createClient({ url: server.url })
  for (const name of names) {
    const runsOf = async (): Promise<MonitorRun[]> => (await alive.call(monitorRoutes.runs, { params: { name } })).items
    while ((await runsOf()).some(run => run.finished_at === undefined)) await setTimeout(100)
    expect(await runsOf()).toMatchObject([
      { name: `${name}-20260501T140000Z`, status: 'Completed', result: 'breached' },
    ])
    const { items } = await alive.call(eventRoutes.list, { query: { subject: `monitor/${name}` } })
    expect(items.map(({ type }) => type.replace('dev.hagane.monitor.', '')).sort()).toEqual(
      ['created', 'run-completed', 'breached', 'breached'].sort(),
    )
    expect((await alive.call(monitorRoutes.findings, { params: { name } })).items.length).toBeGreaterThan(1)
  }
})
