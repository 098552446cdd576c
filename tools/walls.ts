/**
 * The walls as data: who may import whom. Type imports count, since a type that leaks ties two parts together as firmly
 * as a call does. The reason for all of it: in code bases of this kind the parts that hurt are those where everything
 * may reach everything (one such tree has 438 of 953 files in a single cycle).
 */

export interface PackageWall {
  /** Other packages of ours, each by its door `@hagane/<name>`. */
  readonly ours: readonly string[]
  /** Packages from elsewhere; 'declared' is whatever its package.json lists. */
  readonly npm: 'declared' | readonly string[]
  /** May it use Node's own modules? Not if a browser has to load it. */
  readonly node: boolean
  readonly why: string
}

export const packageWalls: Readonly<Record<string, PackageWall>> = {
  contract: { ours: [], npm: ['zod'], node: false, why: 'server, command line and studio share it, also in a browser' },
  manifest: {
    ours: ['contract'],
    npm: ['yaml', 'zod'],
    node: false,
    why: 'the studio reads YAML in a browser with it',
  },
  runner: { ours: ['contract'], npm: 'declared', node: true, why: 'one bundled file of it runs on another machine' },
  gateway: { ours: ['contract'], npm: 'declared', node: true, why: 'it serves while the control plane is away' },
  environments: {
    ours: ['contract'],
    npm: 'declared',
    node: true,
    why: 'a lock is made and built the same way by the server and where a model is served without one',
  },
  serve: {
    ours: ['contract', 'gateway', 'environments'],
    npm: 'declared',
    node: true,
    why: 'one model, its environment and a gateway in one program, without a control plane',
  },
  tabular: {
    ours: ['contract'],
    npm: 'declared',
    node: true,
    why: 'it reads tables in a process of its own, for the server and for a command line without one',
  },
  cli: {
    ours: ['contract', 'manifest', 'tabular', 'serve'],
    npm: 'declared',
    node: true,
    why: 'it works against any server, by the API only; tables and models are also read and served without one',
  },
  studio: {
    ours: ['contract', 'manifest'],
    npm: 'declared',
    node: false,
    why: 'it lives in a browser, by the API only',
  },
  server: {
    ours: ['contract', 'tabular', 'environments'],
    npm: 'declared',
    node: true,
    why: 'what runs on other machines reaches it by the API',
  },
  testkit: {
    ours: ['contract', 'manifest', 'tabular', 'environments', 'runner', 'gateway', 'serve', 'server', 'cli'],
    npm: 'declared',
    node: true,
    why: 'tests use the real parts; nothing but tests uses it',
  },
}

/** Files that are run by hand with Node and are not part of what the package exports. */
export const scriptsOfBrowserPackages: readonly string[] = ['packages/manifest/src/write-schemas.ts']

/** What every test may import besides. */
export const testTools: readonly string[] = ['vitest', 'fast-check', '@hagane/testkit']

/** Only the local compute driver runs steps in this process; all others reach the runner on its machine. */
export const mayImportRunner: readonly string[] = ['packages/server/src/domains/compute/']

/**
 * Whose doors a domain may knock at. Acyclic, and checked to be: who stands further down may know those above it.
 * A domain that wants to hear of another without knowing it listens to the event log.
 */
export const domainDoors: Readonly<Record<string, readonly string[]>> = {
  workspaces: [],
  access: ['workspaces'],
  audit: [],
  explanations: [],
  status: [],
  content: [],
  metrics: [],
  notifications: [],
  assets: [],
  environments: ['assets'],
  data: ['assets'],
  components: ['assets'],
  tracking: [],
  models: ['tracking', 'assets'],
  compute: [],
  jobs: ['assets', 'data', 'environments', 'components', 'tracking', 'models', 'compute'],
  schedules: ['jobs'],
  endpoints: ['models', 'environments', 'assets'],
  collection: ['endpoints', 'data'],
  gates: ['models', 'data', 'jobs', 'tracking', 'environments', 'endpoints'],
  rollouts: ['endpoints', 'collection', 'gates', 'models'],
  automation: ['jobs', 'models', 'schedules', 'gates', 'rollouts'],
  batch: ['models', 'environments', 'components', 'assets', 'jobs', 'endpoints'],
  lineage: ['assets', 'data', 'components', 'environments', 'tracking', 'models', 'jobs', 'endpoints', 'batch'],
  monitoring: [
    'data',
    'components',
    'jobs',
    'tracking',
    'models',
    'schedules',
    'endpoints',
    'collection',
    'batch',
    'lineage',
  ],
}

/** Database drivers and the query builder: only what `mayTouchSql` names may import them. */
export const sqlPackages: readonly string[] = ['kysely', 'pg', 'node:sqlite']

/** Methods that begin a query; a call to one is SQL even where the handle was passed in. */
export const queryMethods: readonly string[] = [
  'selectFrom',
  'insertInto',
  'replaceInto',
  'updateTable',
  'deleteFrom',
  'mergeInto',
  'withTables',
]

/** `store.ts` and `reads.ts`, and their parts when they are split: `store-metrics.ts`, `run-reads.ts`. */
const storeFile = /(?:^|-)(?:store|reads)(?:-[a-z0-9-]+)?\.ts$/

export function mayTouchSql(path: string): boolean {
  const name = path.slice(path.lastIndexOf('/') + 1)
  return (
    storeFile.test(name) ||
    path.startsWith('packages/server/src/kernel/db/') ||
    path.startsWith('packages/server/src/migrations/') ||
    path.startsWith('packages/testkit/') ||
    name.endsWith('.db.test.ts')
  )
}

/** A table is described by types: `tables.ts` may name Kysely's types, and give the handle that knows the tables. */
export const describesTables = (path: string): boolean => path.endsWith('/tables.ts')

/** Locks between processes are file locks that an open SQLite transaction holds; they have no table. */
export const isFileLock = (path: string): boolean => /(?:-lock|\/data-folder)\.ts$/.test(path)
