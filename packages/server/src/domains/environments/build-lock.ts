import { HaganeError } from '@hagane/contract'
import { type Interpreter, parseLock, toolEnvironment } from '@hagane/environments'
import type { Who } from '../../kernel/db/index.ts'
import type { BuildDeps, BuiltEnvironment } from './lock-and-build.ts'

interface Options {
  readonly onLog?: (line: string) => void
  readonly signal?: AbortSignal
}

/**
 * The environment of exactly this lock, whatever its definition would be resolved to now: found, or built again from the lock's
 * hashes. Throws not_found when the lock is gone, unavailable when its Python is not on this machine.
 */
export async function buildFromLock(
  deps: BuildDeps,
  who: Who,
  lockDigest: string,
  { onLog = () => {}, signal }: Options,
): Promise<BuiltEnvironment> {
  const found = await deps.builder.find(lockDigest)
  if (found !== undefined) return { ...found, deviations: [] }
  const lockText = (await deps.blobs.readAll(lockDigest)).toString('utf8')
  const lock = parseLock(lockText)
  const interpreter = await interpreterOf(deps, lock)
  const built = await deps.builder.build({
    lockDigest,
    lockText,
    interpreter,
    toolchain: () => deps.toolchain(onLog, signal),
    env: toolEnvironment(deps.env),
    onLine: onLog,
    signal,
  })
  const facts = { lock_digest: lockDigest, python: lock.python, packages: lock.entries.length }
  await deps.db.withTransaction(who, async tx =>
    tx.append({
      type: 'dev.hagane.environment.built',
      subject: `environment/${lock.definition}`,
      data: { definition_digest: lock.definition, ...facts },
    }),
  )
  return { ...built, deviations: [] }
}

async function interpreterOf(
  { interpreters }: BuildDeps,
  lock: { python: string; platform: string },
): Promise<Interpreter> {
  const fits = ({ version, platform }: Interpreter) => version === lock.python && platform === lock.platform
  const found = (await interpreters.all()).find(fits) ?? (await interpreters.refresh()).find(fits)
  if (found !== undefined) return found
  throw new HaganeError('unavailable', `the lock is for python ${lock.python} on ${lock.platform}, which is not here`, {
    hint: 'install that Python on the machine of the server, or name another environment: the difference is then told',
  })
}
