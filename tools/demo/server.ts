import { mkdir, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { type LoggedProcess, lastLines, plainEnvironment, spawnLogged } from './processes.ts'

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))

/** The executable that users call; run it with this Node. */
export const haganeExecutable = join(root, 'packages', 'cli', 'bin', 'hagane.js')

export interface RunningServer {
  readonly url: string
  readonly dataDir: string
  readonly process: LoggedProcess
}

/**
 * Starts `hagane up` over a data folder, on a free port unless one is given, and waits until it says that it is ready.
 * Fails with the end of the server's log when it ends first or stays silent for `timeoutMs`.
 */
export async function startServer(
  dataDir: string,
  { timeoutMs = 60_000, port = 0, flags = [] }: { timeoutMs?: number; port?: number; flags?: readonly string[] } = {},
): Promise<RunningServer> {
  await mkdir(join(dataDir, 'logs'), { recursive: true })
  const logFile = join(dataDir, 'logs', `server-${Date.now()}.log`)
  const server = spawnLogged(
    process.execPath,
    [haganeExecutable, 'up', '--port', String(port), '--data', dataDir, ...flags],
    {
      logFile,
      env: plainEnvironment(),
    },
  )
  const deadline = Date.now() + timeoutMs
  while (Date.now() < deadline && !server.hasEnded()) {
    const url = /ready at (http\S+)/.exec(await readFile(logFile, 'utf8'))?.[1]
    if (url !== undefined) return { url, dataDir, process: server }
    await sleep(10)
  }
  await server.stop()
  throw new Error(`the server did not become ready; its log ${logFile} ends with\n${await lastLines(logFile)}`)
}

/**
 * Stops a server and the gateway that it started. A gateway serves on when the server stops, which is right for users
 * and wrong here, where the data folder is about to go.
 */
export async function stopServer(server: RunningServer): Promise<void> {
  const gateway = await gatewayPid(server)
  await server.process.stop()
  if (gateway !== undefined) await endProcess(gateway)
}

/** A server that no longer answers has told us nothing of a gateway. */
async function gatewayPid(server: RunningServer): Promise<number | undefined> {
  const response = await fetch(`${server.url}/api/v1/status`).catch(() => undefined)
  if (response?.ok !== true) return undefined
  const status = (await response.json()) as { gateway?: { pid: number } }
  return status.gateway?.pid
}

async function endProcess(pid: number): Promise<void> {
  const deadline = Date.now() + 10_000
  for (
    let signal: NodeJS.Signals | 0 = 'SIGTERM';
    isAlive(pid, signal);
    signal = Date.now() < deadline ? 0 : 'SIGKILL'
  ) {
    await sleep(50)
  }
}

/** Sends a signal (0 only asks) and says whether the process was there to get it. */
function isAlive(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false
    throw error
  }
}
