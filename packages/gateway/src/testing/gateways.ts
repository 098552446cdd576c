import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type GatewayReport, type GatewayTable, gatewayFile } from '@hagane/contract'
import { readJson } from '../files/atomic.ts'
import { Gateway } from '../gateway.ts'
import { ask, until } from './callers.ts'
import { temporaryFolder } from './deployments.ts'

export interface Running {
  dir: string
  port: number
  status(): Promise<GatewayReport>
  stop(): Promise<void>
}

const main = join(dirname(fileURLToPath(import.meta.url)), '../main.ts')

export async function statusOf(dir: string, port: number): Promise<GatewayReport> {
  const token = readFileSync(join(dir, 'admin-token'), 'utf8').trim()
  const reply = await ask({ port, path: '/admin/status', method: 'GET', headers: { authorization: `Bearer ${token}` } })
  if (reply.status !== 200) throw new Error(`status ${reply.status}: ${reply.text}`)
  return JSON.parse(reply.text)
}

/** A gateway inside this process. */
export async function gatewayHere(
  table: GatewayTable,
  dir: string = temporaryFolder(),
): Promise<Running & { use(table: GatewayTable): void }> {
  const gateway = await Gateway.start({ dir, host: '127.0.0.1', port: 0, maxBody: 2 ** 20 })
  gateway.use(table)
  const { port } = gateway.address
  return { dir, port, status: () => statusOf(dir, port), use: next => gateway.use(next), stop: () => gateway.close() }
}

/** A gateway as a process of its own, which can be killed. */
export async function gatewayProcess(dir: string, ...args: string[]): Promise<Running & { child: ChildProcess }> {
  const child = spawn(process.execPath, [main, '--dir', dir, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  const exit = new Promise<void>(resolve => child.once('exit', () => resolve()))
  await until(
    () => child.exitCode !== null || gatewayFile.safeParse(readJson(join(dir, 'gateway.json'))).data?.pid === child.pid,
  )
  if (child.exitCode !== null) throw new Error(`the gateway ended with ${child.exitCode}`)
  const { port } = gatewayFile.parse(readJson(join(dir, 'gateway.json')))
  return {
    dir,
    port,
    child,
    status: () => statusOf(dir, port),
    stop: async () => {
      child.kill('SIGTERM')
      await exit
    },
  }
}

/** Waits until every deployment that is wanted has a worker. */
export const untilReady = (gateway: Running, count: number): Promise<void> =>
  until(async () => (await gateway.status()).deployments.filter(one => one.state === 'ready').length >= count)
