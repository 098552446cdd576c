import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { HaganeError } from '@hagane/contract'
import { buildTestApp, type TestApp } from '@hagane/testkit'
import { ParityEndpoint } from './parity-endpoint.ts'

/** A server whose endpoint `parity` is asked by three callers; it goes with its gateway. */
export interface ParityServer extends AsyncDisposable {
  readonly app: TestApp
  readonly endpoint: ParityEndpoint
}

export async function openParityServer(): Promise<ParityServer> {
  const app = await buildTestApp()
  const endpoint = new ParityEndpoint(() => app.client)
  await endpoint.create()
  await endpoint.startCallers(3)
  return {
    app,
    endpoint,
    async [Symbol.asyncDispose]() {
      await endpoint.stopCallers()
      const { pid } = JSON.parse(readFileSync(join(app.dir, 'gateway/gateway.json'), 'utf8')) as { pid: number }
      await app[Symbol.asyncDispose]()
      process.kill(pid, 'SIGTERM')
      while (isAlive(pid)) await pause(50)
    },
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

/** What an attempt is refused with; an error of the test where it is not. */
export async function refusalOf(attempt: Promise<unknown>): Promise<HaganeError> {
  const error = await attempt.then(
    () => undefined,
    (cause: unknown) => cause,
  )
  if (error instanceof HaganeError) return error
  throw new Error(`it was not refused but ${String(error)}`)
}
