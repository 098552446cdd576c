import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { type AddressInfo, createServer as createSocketServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { type AlertNotification, alertRoutes, eventRoutes } from '@hagane/contract'
import { buildTestApp } from '@hagane/testkit'
import { afterAll, expect, it } from 'vitest'

const deploy = join(import.meta.dirname, '../../deploy/prometheus')
const dir = mkdtempSync(join(tmpdir(), 'hagane-alertmanager-'))
const running: ChildProcess[] = []

const isThere = (program: string) => spawnSync(program, ['--version']).error === undefined
const alertmanager = ['alertmanager', 'prometheus-alertmanager'].find(isThere)
const isInstalled = isThere('prometheus') && alertmanager !== undefined

afterAll(async () => {
  for (const child of running) {
    const ended = once(child, 'exit')
    if (child.kill('SIGKILL')) await ended
  }
  rmSync(dir, { recursive: true, force: true, maxRetries: 10 })
})

async function freePort(): Promise<number> {
  const server = createSocketServer()
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  await new Promise(resolve => server.close(resolve))
  return port
}

function start(program: string, flags: string[]): void {
  running.push(spawn(program, flags, { cwd: dir, stdio: 'ignore' }))
}

/** The files of deploy/, with other ports and shorter times. */
function configured(ports: Record<'server' | 'gateway' | 'alertmanager', number>): void {
  const copy = (name: string, changes: [RegExp, string][]) => {
    const text = readFileSync(join(deploy, name), 'utf8')
    writeFileSync(
      join(dir, name),
      changes.reduce((changed, [from, to]) => {
        if (!from.test(changed)) throw new Error(`${name} has no ${from}`)
        return changed.replace(from, to)
      }, text),
    )
  }
  copy('prometheus.yml', [
    [/scrape_interval: 15s/, 'scrape_interval: 1s'],
    [/evaluation_interval: 15s/, 'evaluation_interval: 1s'],
    [/127\.0\.0\.1:9093/, `127.0.0.1:${ports.alertmanager}`],
    [/127\.0\.0\.1:7700/, `127.0.0.1:${ports.server}`],
    [/127\.0\.0\.1:7701/, `127.0.0.1:${ports.gateway}`],
  ])
  copy('hagane.rules.yml', [[/for: 1m/, 'for: 0s']])
  copy('alertmanager.yml', [
    [/group_wait: 10s/, 'group_wait: 0s'],
    [/group_interval: 1m/, 'group_interval: 1s'],
    [/127\.0\.0\.1:7700/, `127.0.0.1:${ports.server}`],
  ])
}

it.skipIf(!isInstalled)(
  'an alert of Prometheus is an alert here, told once, and over when it is over there (skipped where prometheus and alertmanager are not on the PATH)',
  async () => {
    await using app = await buildTestApp()
    const ports = {
      server: Number(new URL(app.url).port),
      gateway: await freePort(),
      alertmanager: await freePort(),
      prometheus: await freePort(),
    }
    configured(ports)
    start(alertmanager ?? '', [
      ...['--config.file=alertmanager.yml', `--web.listen-address=127.0.0.1:${ports.alertmanager}`],
      ...['--cluster.listen-address=', '--storage.path=alertmanager'],
    ])
    start('prometheus', [
      ...['--config.file=prometheus.yml', `--web.listen-address=127.0.0.1:${ports.prometheus}`],
      '--storage.tsdb.path=prometheus',
    ])
    const down = async () => {
      const { items } = await app.client.call(alertRoutes.list, { query: { state: 'all', key: 'prometheus/*' } })
      return items.find(alert => alert.labels.alertname === 'HaganeDown' && alert.labels.job === 'hagane-gateway')
    }
    while ((await down())?.told !== 'firing') await pause(100)
    expect(await down()).toMatchObject({
      ...{ state: 'firing', severity: 'critical', next_command: 'hagane status' },
      summary: `hagane-gateway at 127.0.0.1:${ports.gateway} does not answer`,
    })
    const gateway = createServer((_, response) => response.end('# nothing to tell\n'))
    await once(gateway.listen(ports.gateway, '127.0.0.1'), 'listening')
    while ((await down())?.told !== 'resolved') await pause(100)
    gateway.closeAllConnections()
    await new Promise(resolve => gateway.close(resolve))
    const { items } = await app.client.call(eventRoutes.list, {
      query: { type: 'dev.hagane.alert.notification', from_seq: 1, limit: 1000 },
    })
    const told = items
      .map(item => item.data as unknown as AlertNotification)
      .filter(({ group, alerts }) => group === 'prometheus/HaganeDown' && alerts[0]?.labels.job === 'hagane-gateway')
    expect(told.map(({ status }) => status)).toEqual(['firing', 'resolved'])
  },
)
