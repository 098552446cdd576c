import { join } from 'node:path'
import { type EnvironmentSpec, HaganeError, type LockChanges } from '@hagane/contract'
import { findInterpreters, openBuilder, openToolchain, parseLock } from '@hagane/environments'
import type { BlobStore } from '../../kernel/blobs/index.ts'
import type { Config } from '../../kernel/config.ts'
import type { Database } from '../../kernel/db/index.ts'
import type { BaseCall, BoundRoute } from '../../kernel/http/index.ts'
import type { Logger } from '../../kernel/log.ts'
import type { Tasks } from '../../kernel/tasks/index.ts'
import { type Asset, adopt, buildAssets, type RequireRegistry, writerIn } from '../assets/index.ts'
import { buildFromLock } from './build-lock.ts'
import { buildContainerEnvironments, containerKey, type StepEnvironment } from './container/container-environments.ts'
import { containerRecords } from './container/container-records.ts'
import { openEngine } from './container/find-engine.ts'
import { openImages } from './container/images.ts'
import type { BuiltEnvironment } from './lock-and-build.ts'
import { changesOfLocks } from './lock-changes.ts'
import { findBuilds } from './reads.ts'
import { defineSpec, type EnvironmentReference, resolveEnvironment, type StoredSpec } from './references.ts'
import { environmentRouteTable } from './routes.ts'
import { buildService } from './service.ts'

export type { BuiltEnvironment } from './lock-and-build.ts'
export type { EnvironmentReference } from './references.ts'

export interface EnvironmentPlan {
  /** `azureml:<name>:<version>` when it is registered; pass this to ensureBuilt, since a label may move meanwhile. */
  id?: string
  /** Equal for equal content, whatever it is called. */
  definitionDigest: string
  /** Set when it was locked before for the Python that would be taken now. */
  lockDigest?: string
  /** What the author wrote and is taken otherwise, as far as it is known before resolving. */
  deviations: string[]
  /** Routes and ports of the server that its image brings. */
  inferenceConfig?: NonNullable<EnvironmentSpec['inference_config']>
}

interface EnsureOptions {
  onLog?: (line: string) => void
  signal?: AbortSignal
  actor?: string
  /** Digest of the lock to build, whatever the definition would be resolved to now. */
  lock?: string
}

export interface Environments {
  routes: BoundRoute[]
  /** Cheap: reads the definition, builds nothing. null is plain Python. Throws not_found, invalid or unsupported. */
  plan(workspace: string, environment: EnvironmentReference): Promise<EnvironmentPlan>
  /**
   * The finished environment: found in a few milliseconds, else locked and built. Calls for equal content share one build; it is
   * ended only when all of them have aborted. Throws invalid or unavailable with the resolver's or installer's own last lines.
   */
  ensureBuilt(workspace: string, environment: EnvironmentReference, options: EnsureOptions): Promise<BuiltEnvironment>
  /**
   * The environment for the command of a step, which may run in a container: see ADR 13. Otherwise as ensureBuilt.
   * Throws unavailable when an image cannot be pulled, invalid when a Dockerfile cannot be built, with the engine's last lines.
   */
  ensureForStep(
    workspace: string,
    environment: EnvironmentReference,
    options: EnsureOptions & {
      /** The command can run in a container. */
      inContainer: boolean
    },
  ): Promise<StepEnvironment>
  /** The text of a lock and its full Python version. Throws not_found. */
  readLock(digest: string): Promise<{ python: string; text: string }>
  /** What differs between two locks, by their digests; undefined when one of them is gone. */
  lockChanges(before: string, after: string): Promise<LockChanges | undefined>
  /** Ends builds that are under way, and compiling behind finished ones. */
  stop(): Promise<void>
}

interface Deps {
  db: Database
  blobs: BlobStore
  tasks: Tasks
  config: Pick<Config, 'dataDir' | 'container_engine'>
  log: Logger
  requireRegistry: RequireRegistry
  /** Where interpreters, tools and index settings are looked up; the server's own environment by default. */
  env?: NodeJS.ProcessEnv
}

const BUILD = 'environment.build'

/** Environments: versions of definitions, their locks with hashes, and virtual environments built from these. */
export function buildEnvironments(deps: Deps): Environments {
  const { db, blobs, tasks, config, log, requireRegistry, env = process.env } = deps
  const assets = buildAssets<StoredSpec>(db, 'environment')
  const folder = join(config.dataDir, 'envs')
  const interpreters = findInterpreters(env)
  const builder = openBuilder(folder)
  const toolchain = openToolchain({ env, dataDir: config.dataDir, interpreters })
  const parts = { db, blobs, env, interpreters, toolchain, builder }
  const service = buildService({ ...parts, log, folder })
  const engine = openEngine(config.container_engine, env)
  const hasEngine = async () => (await engine()) !== undefined
  const resolve = (workspace: string, environment: EnvironmentReference) =>
    resolveEnvironment({ assets, blobs, requireRegistry, hasEngine }, workspace, environment)
  const containers = buildContainerEnvironments({
    ...{ setting: config.container_engine, engine, blobs, images: openImages(blobs, env) },
    records: containerRecords(db),
    openLog: service.openLog,
    build: (resolved, who, options) => service.ensureBuilt(who, resolved, options),
    buildLock: (digest, who, options) => buildFromLock(parts, who, digest, options),
  })
  const requested = new Set<string>()

  tasks.register(BUILD, {
    concurrency: 1,
    async handle(task, signal) {
      const digest = String(task.payload.digest)
      requested.add(digest)
      try {
        const resolved = await resolve(task.workspace, String(task.payload.environment))
        if ((await containers.ensure(task, resolved, { signal })) === undefined)
          await service.ensureBuilt(task, resolved, { signal })
      } finally {
        requested.delete(digest)
      }
    },
  })

  return {
    routes: environmentRouteTable({
      ...assets,
      blobs,
      create: (call, spec) => createVersion(call, spec),
      async share(call, name, version, target) {
        const who = await writerIn(requireRegistry, call, 'asset.write', target.registry_name)
        const asset = await assets.get(call.workspace, name, version)
        return db.withTransaction(who, tx => adopt(assets, tx, asset, target, {}))
      },
      builds: digests => findBuilds(db, digests),
      isRunning: digest => requested.has(digest) || service.isRunning(digest),
      logPath: service.logPath,
      async requestBuild(call, asset) {
        const { digest } = asset.spec.defined
        if (requested.has(digest) || service.isRunning(digest)) return
        // before the task can be there: one that is built already may be handled before this call goes on
        requested.add(digest)
        try {
          await db.withTransaction(call, tx =>
            tasks.enqueue(tx, {
              kind: BUILD,
              subject: `environment/${asset.name}:${asset.version}`,
              payload: { environment: `azureml:${asset.name}:${asset.version}`, digest },
            }),
          )
        } catch (error) {
          requested.delete(digest)
          throw error
        }
      },
    }),
    async plan(workspace, environment) {
      const resolved = await resolve(workspace, environment)
      const inContainer = await containers.lockedAs(resolved)
      const locked = inContainer === undefined ? await service.lockedAs(resolved) : undefined
      const lockDigest = inContainer?.lockDigest ?? locked?.lock_digest
      return {
        ...(resolved.id === undefined ? {} : { id: resolved.id }),
        definitionDigest: inContainer === undefined ? resolved.defined.digest : containerKey(resolved),
        ...(lockDigest === undefined ? {} : { lockDigest }),
        deviations: [...resolved.defined.deviations],
        ...(resolved.inferenceConfig === undefined ? {} : { inferenceConfig: resolved.inferenceConfig }),
      }
    },
    async ensureBuilt(workspace, environment, { onLog, signal, actor = 'system', lock }) {
      const options = { ...(onLog === undefined ? {} : { onLog }), ...(signal === undefined ? {} : { signal }) }
      if (lock !== undefined) return buildFromLock(parts, { workspace, actor }, lock, options)
      return service.ensureBuilt({ workspace, actor }, await resolve(workspace, environment), options)
    },
    async ensureForStep(workspace, environment, { onLog, signal, actor = 'system', lock, inContainer }) {
      const options = { ...(onLog === undefined ? {} : { onLog }), ...(signal === undefined ? {} : { signal }) }
      const who = { workspace, actor }
      if (lock !== undefined)
        return (await containers.fromLock(who, lock, options)) ?? buildFromLock(parts, who, lock, options)
      const resolved = await resolve(workspace, environment)
      const found = inContainer ? await containers.ensure(who, resolved, options) : undefined
      return found ?? service.ensureBuilt(who, resolved, options)
    },
    async readLock(digest) {
      const text = (await blobs.readAll(digest)).toString('utf8')
      return { python: parseLock(text).python, text }
    },
    async lockChanges(before, after) {
      if (!(await blobs.has(before)) || !(await blobs.has(after))) return undefined
      const [was, is] = await Promise.all([blobs.readAll(before), blobs.readAll(after)])
      return changesOfLocks(was.toString('utf8'), is.toString('utf8'))
    },
    async stop() {
      await Promise.all([service.stop(), containers.stop()])
    },
  }

  async function createVersion(call: BaseCall, spec: EnvironmentSpec): Promise<Asset<StoredSpec>> {
    const { name, version, description, tags, properties } = spec
    if (name === undefined)
      throw new HaganeError('invalid', 'body: name: an environment needs a name to be registered', {
        hint: 'add `name: my-env` to the YAML, or pass --name',
      })
    const defined = await defineSpec({ blobs, hasEngine }, spec)
    return db.withTransaction(call, tx =>
      assets.create(tx, {
        name,
        version,
        description,
        tags,
        properties,
        spec: { ...spec, defined },
        digest: defined.digest,
        facts: { sources: [...defined.sources], deviations: [...defined.deviations] },
      }),
    )
  }
}
