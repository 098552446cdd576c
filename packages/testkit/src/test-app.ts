import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Client, createClient } from '@hagane/contract'
import { type App, buildApp, loadConfig, type Overrides } from '@hagane/server'

export interface TestApp extends AsyncDisposable {
  readonly app: App
  readonly url: string
  readonly dir: string
  readonly client: Client
}

/** A whole server in this process on a free port and a data folder of its own; `await using` stops it and removes the folder. */
export async function buildTestApp(
  options: { settings?: Record<string, unknown>; overrides?: Overrides; dir?: string; serverId?: string } = {},
): Promise<TestApp> {
  const dir = options.dir ?? (await mkdtemp(join(tmpdir(), 'hagane-test-')))
  const config = loadConfig(
    { data: dir, port: 0, log_level: 'error', container_engine: 'none', ...options.settings },
    { HOME: dir },
    dir,
  )
  const app = buildApp(config, options.serverId ?? `test-${process.pid}`, options.overrides)
  const url = await app.start()
  return {
    app,
    url,
    dir,
    client: createClient({ url, actor: 'tester' }),
    async [Symbol.asyncDispose]() {
      await app.stop()
      if (options.dir === undefined) await rm(dir, { recursive: true, force: true })
    },
  }
}
