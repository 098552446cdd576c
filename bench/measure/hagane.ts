import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { plainEnvironment, spawnLogged } from '../../tools/demo/processes.ts'
import { haganeExecutable, type RunningServer, stopServer } from '../../tools/demo/server.ts'
import { freePort, waitUntilAnswering } from './answers.ts'

/** Our server over a data folder, started as a user starts it, answering /health like the peer. */
export async function startHagane(dataDir: string): Promise<RunningServer> {
  await mkdir(dataDir, { recursive: true })
  const port = await freePort()
  const server = spawnLogged(process.execPath, [haganeExecutable, 'up', '--port', String(port), '--data', dataDir], {
    logFile: join(dataDir, 'bench-server.log'),
    env: plainEnvironment(),
  })
  const url = `http://127.0.0.1:${port}`
  await waitUntilAnswering(`${url}/health`, server)
  return { url, dataDir, process: server }
}

/** Starts our server, uses it, and stops it and its gateway whatever happened. */
export async function withHagane<T>(dataDir: string, use: (server: RunningServer) => Promise<T>): Promise<T> {
  const server = await startHagane(dataDir)
  try {
    return await use(server)
  } finally {
    await stopServer(server)
  }
}
