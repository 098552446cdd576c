import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type LoggedProcess, plainEnvironment, spawnLogged } from '../../tools/demo/processes.ts'
import { freePort, waitUntilAnswering } from './answers.ts'

export interface MlflowServer {
  readonly url: string
  readonly process: LoggedProcess
}

/** `mlflow server` with its defaults (four workers, SQLite, artifacts served) over a folder, answering /health. */
export async function startMlflow(bin: string, folder: string): Promise<MlflowServer> {
  await mkdir(folder, { recursive: true })
  const port = await freePort()
  const server = spawnLogged(
    join(bin, 'mlflow'),
    ['server', '--port', String(port), '--backend-store-uri', `sqlite:///${join(folder, 'mlflow.db')}`],
    {
      cwd: folder,
      logFile: join(folder, 'mlflow-server.log'),
      env: plainEnvironment({ PATH: `${bin}:${process.env.PATH}` }),
    },
  )
  const url = `http://127.0.0.1:${port}`
  await waitUntilAnswering(`${url}/health`, server)
  return { url, process: server }
}

/** Starts `mlflow server`, uses it, and stops it whatever happened. */
export async function withMlflow<T>(bin: string, folder: string, use: (url: string) => Promise<T>): Promise<T> {
  const server = await startMlflow(bin, folder)
  try {
    return await use(server.url)
  } finally {
    await server.process.stop()
  }
}
