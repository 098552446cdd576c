import { appendFile, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { notBuilt, shareWork } from '@hagane/environments'
import type { Who } from '../../kernel/db/index.ts'
import type { Logger } from '../../kernel/log.ts'
import {
  type BuildDeps,
  type BuiltEnvironment,
  findBuilt,
  interpreterFor,
  lockAndBuild,
  lockFor,
  type Order,
  recordFailure,
} from './lock-and-build.ts'
import type { LockRow } from './reads.ts'
import type { Resolved } from './references.ts'

export type { BuildRow } from './reads.ts'

export interface ServiceDeps extends BuildDeps {
  readonly log: Logger
  /** Folder of the built environments and their logs. */
  readonly folder: string
}

export interface EnvironmentService {
  /** The lock that a build would use now, if there is one. Throws `unsupported` when the wanted Python is missing and must be exact. */
  lockedAs(resolved: Resolved): Promise<LockRow | undefined>
  ensureBuilt(
    who: Who,
    resolved: Resolved,
    options: { onLog?: (line: string) => void; signal?: AbortSignal },
  ): Promise<BuiltEnvironment>
  isRunning(definitionDigest: string): boolean
  logPath(definitionDigest: string): string
  /** Begins the log of a definition's build anew; lines are appended in order. */
  openLog(definitionDigest: string): Promise<(line: string) => void>
  /** Ends builds that are under way, and compiling behind finished ones. */
  stop(): Promise<void>
}

/** Locks and builds; calls for one definition share one build, and everything already there is found without a process or network. */
export function buildService(deps: ServiceDeps): EnvironmentService {
  const shared = shareWork<BuiltEnvironment>()
  const logPath = (definitionDigest: string): string => join(deps.folder, `${definitionDigest}.log`)
  const openLog = async (definitionDigest: string) => {
    await mkdir(deps.folder, { recursive: true })
    await writeFile(logPath(definitionDigest), '')
    return logTo(logPath(definitionDigest), deps.log)
  }
  const make = async (order: Order): Promise<BuiltEnvironment> => {
    const written = await openLog(order.resolved.defined.digest)
    const onLine = (line: string) => {
      written(line)
      order.onLine(line)
    }
    try {
      return await lockAndBuild(deps, { ...order, onLine })
    } catch (error) {
      onLine(error instanceof Error ? error.message : String(error))
      if (!order.signal.aborted) await recordFailure(deps.db, order, error)
      throw error
    }
  }
  return {
    isRunning: shared.has,
    logPath,
    openLog,
    lockedAs: async resolved => lockFor(deps.db, resolved, await interpreterFor(deps.interpreters, resolved)),
    async ensureBuilt(who, resolved, { onLog, signal }) {
      if (resolved.defined.needsContainer === true) throw notBuilt('its Dockerfile')
      const known = await findBuilt(deps, resolved)
      if (known !== undefined) return known
      const work = (onLine: (line: string) => void, all: AbortSignal) => make({ who, resolved, onLine, signal: all })
      return shared.join(resolved.defined.digest, work, onLog, signal)
    },
    async stop() {
      await Promise.all([shared.stop(new Error('the server is stopping')), deps.builder.stop()])
    },
  }
}

/** Appends lines in order; a full disk must not end a build for the sake of its log. */
function logTo(path: string, log: Logger): (line: string) => void {
  let last = Promise.resolve()
  return line => {
    last = last
      .then(() => appendFile(path, `${line}\n`))
      .catch(error => log.warn({ err: error, path }, 'could not write a build log'))
  }
}
