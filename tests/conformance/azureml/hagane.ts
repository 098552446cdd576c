import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fstatSync, openSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** The command line's program. */
export const bin = resolve(import.meta.dirname, '../../../packages/cli/bin/hagane.js')

export interface Answer {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** A server with a data folder of its own, and the real command line that speaks to it. */
export interface Hagane {
  readonly url: string
  readonly dataDir: string
  /** Variables under which the command line speaks to this server. */
  readonly env: NodeJS.ProcessEnv
  /** Runs `hagane <args>` in a folder; when the time is over it is ended and `code` is null. */
  cli(args: readonly string[], cwd: string, timeoutSeconds?: number): Promise<Answer>
  stop(): Promise<void>
}

const START_SECONDS = 60

/** Starts `hagane up`; its output goes to `server.log` in the data folder. Throws when it does not come up. */
export async function startHagane(dataDir: string, flags: readonly string[]): Promise<Hagane> {
  const logFile = join(dataDir, 'server.log')
  const log = openSync(logFile, 'a')
  const { size: before } = fstatSync(log)
  const server = spawn(process.execPath, [bin, 'up', '--data', dataDir, '--port', '0', ...flags], {
    stdio: ['ignore', log, log],
    cwd: dataDir,
  })
  const url = await readyUrl(logFile, before, server)
  const env = { ...process.env, HAGANE_URL: url, HAGANE_WORKSPACE: 'default', NO_COLOR: '1', HAGANE_TOKEN: '' }
  return {
    url,
    dataDir,
    env,
    cli: (args, cwd, timeoutSeconds = 600) => run(args, cwd, env, timeoutSeconds),
    async stop() {
      if (server.exitCode !== null) return
      server.kill('SIGTERM')
      await once(server, 'exit')
    },
  }
}

/** `before`: bytes of the log that an earlier server wrote in the same folder. */
async function readyUrl(logFile: string, before: number, server: ReturnType<typeof spawn>): Promise<string> {
  const said = async () => (await readFile(logFile)).subarray(before).toString('utf8')
  for (let waited = 0; waited < START_SECONDS * 10 && server.exitCode === null; waited++) {
    const url = /ready at (http:\S+)/.exec(await said())?.[1]
    if (url !== undefined) return url
    await sleep(100)
  }
  throw new Error(`the server did not start:\n${await said()}`)
}

async function run(args: readonly string[], cwd: string, env: NodeJS.ProcessEnv, seconds: number): Promise<Answer> {
  const child = spawn(process.execPath, [bin, ...args], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
  const timer = setTimeout(() => child.kill('SIGTERM'), seconds * 1000)
  const parts = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) child[name].on('data', chunk => (parts[name] += String(chunk)))
  const [code] = (await once(child, 'close')) as [number | null]
  clearTimeout(timer)
  return { code, ...parts }
}
