import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { createServer } from 'node:net'
import { HaganeError } from '@hagane/contract'

/**
 * What runs a command so that it ends with the gateway, however that ends: a watcher in its process group reads the
 * descriptor 3 that the gateway holds the other side of, and ends the group at its end-of-file.
 */
const wrapper = `(trap '' TERM INT HUP; cat <&3 >/dev/null 2>&1; kill -KILL -$$) &
exec 3<&-
exec /bin/sh -c "$1"`

export interface CommandStart {
  command: string
  directory: string | undefined
  environment: Record<string, string>
  logFile: string
}

/** Starts a shell command as leader of a process group of its own, its output going to the log. */
export function startCommand({ command, directory, environment, logFile }: CommandStart): ChildProcess {
  const log = openSync(logFile, 'a', 0o600)
  try {
    return spawn('/bin/sh', ['-c', wrapper, 'hagane', command], {
      ...(directory === undefined ? {} : { cwd: directory }),
      env: environment,
      stdio: ['ignore', log, log, 'pipe'],
      detached: true,
    })
  } finally {
    closeSync(log)
  }
}

/** Signals the whole process group of a child; one that is gone is not missed. */
export function signalGroup(child: ChildProcess, signal: 'SIGTERM' | 'SIGKILL'): void {
  if (child.pid === undefined) return
  try {
    process.kill(-child.pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

/**
 * A free port of this machine for each port that the author names, and the variables that tell the command: `PORT` for the
 * first, `PORT_<named>` for each.
 */
export async function mapPorts(
  named: readonly number[],
): Promise<{ ports: Map<number, number>; variables: Record<string, string> }> {
  const ports = new Map<number, number>()
  const variables: Record<string, string> = {}
  const different = [...new Set(named)]
  const free = await freePorts(different.length)
  for (const [index, port] of different.entries()) {
    const real = free[index] as number
    ports.set(port, real)
    variables[`PORT_${port}`] = String(real)
    variables.PORT ??= String(real)
  }
  return { ports, variables }
}

/** Held open together, so that they differ. Between here and the command's own listening another program may take one; then it is started again. */
async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(Array.from({ length: count }, listening))
  const found = servers.map(server => (server.address() as { port: number }).port)
  await Promise.all(servers.map(server => new Promise(resolve => server.close(resolve))))
  return found
}

function listening(): Promise<ReturnType<typeof createServer>> {
  const server = createServer()
  return new Promise((resolve, reject) => {
    server.once('error', cause => reject(new HaganeError('unavailable', 'no port of this machine is free', { cause })))
    server.listen(0, '127.0.0.1', () => resolve(server))
  })
}
