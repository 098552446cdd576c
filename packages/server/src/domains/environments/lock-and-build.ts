import { HaganeError } from '@hagane/contract'
import {
  type Builder,
  type Built,
  type Choice,
  chooseInterpreter,
  type Interpreters,
  lockDefinition,
  type Toolchain,
  toolEnvironment,
} from '@hagane/environments'
import type { BlobStore } from '../../kernel/blobs/index.ts'
import type { Database, Who } from '../../kernel/db/index.ts'
import { findLock, type LockRow } from './reads.ts'
import type { Resolved } from './references.ts'
import { changeBuild, insertLock, startBuild } from './store.ts'

export interface BuiltEnvironment {
  /** Folder of the virtual environment; its `bin` goes first on PATH. */
  prefix: string
  python: string
  lockDigest: string
  /** Everything that is not as the author wrote it, in sentences. */
  deviations: string[]
}

export interface BuildDeps {
  readonly db: Database
  readonly blobs: BlobStore
  readonly env: NodeJS.ProcessEnv
  readonly interpreters: Interpreters
  readonly toolchain: (onLine: (line: string) => void, signal?: AbortSignal) => Promise<Toolchain>
  readonly builder: Builder
}

/** One build on somebody's behalf. */
export interface Order {
  readonly who: Who
  readonly resolved: Resolved
  readonly onLine: (line: string) => void
  readonly signal: AbortSignal
}

/** The interpreter for a definition; a wanted one may have been installed since the machine was searched. */
export async function interpreterFor(interpreters: Interpreters, { defined }: Resolved): Promise<Choice> {
  const { python, resolution } = defined.definition
  try {
    return chooseInterpreter(python, await interpreters.all(), resolution)
  } catch (error) {
    if (!(error instanceof HaganeError)) throw error
    return chooseInterpreter(python, await interpreters.refresh(), resolution)
  }
}

/** The environment if its lock and its files are there already. */
export async function findBuilt(
  { db, builder, interpreters }: BuildDeps,
  resolved: Resolved,
): Promise<BuiltEnvironment | undefined> {
  const choice = await interpreterFor(interpreters, resolved)
  const lock = await lockFor(db, resolved, choice)
  const built = lock === undefined ? undefined : await builder.find(lock.lock_digest)
  return lock === undefined || built === undefined ? undefined : answer(built, resolved, choice, lock)
}

export const lockFor = (db: Database, { defined }: Resolved, { interpreter }: Choice): Promise<LockRow | undefined> =>
  findLock(db, defined.digest, interpreter.version, interpreter.platform)

/** Locks what is not locked yet, builds, and records both with their events. */
export async function lockAndBuild(deps: BuildDeps, order: Order): Promise<BuiltEnvironment> {
  const { db, builder, blobs } = deps
  const { who, resolved, onLine, signal } = order
  const { digest } = resolved.defined
  const choice = await interpreterFor(deps.interpreters, resolved)
  for (const line of [...resolved.defined.deviations, ...choice.deviations]) onLine(`deviation: ${line}`)
  const known = await lockFor(db, resolved, choice)
  await db.withTransaction(who, tx => startBuild(tx, digest, known === undefined ? 'locking' : 'building'))
  const lock = known ?? (await makeLock(deps, order, choice))
  const facts = { lock_digest: lock.lock_digest, python: lock.python, packages: lock.packages }
  await db.withTransaction(who, tx =>
    changeBuild(tx, digest, {
      state: 'building',
      ...facts,
      deviations: JSON.stringify([...choice.deviations, ...sentences(lock)]),
    }),
  )
  const lockText = (await blobs.readAll(lock.lock_digest)).toString('utf8')
  const toolchain = () => deps.toolchain(onLine, signal)
  const built = await builder.build({
    lockDigest: lock.lock_digest,
    lockText,
    interpreter: choice.interpreter,
    toolchain,
    env: toolEnvironment(deps.env),
    onLine,
    signal,
  })
  await db.withTransaction(who, async tx => {
    await changeBuild(tx, digest, { state: 'succeeded', finished_at: tx.now.toISOString() })
    tx.append({
      type: 'dev.hagane.environment.built',
      subject: resolved.subject,
      data: { definition_digest: digest, ...facts },
    })
  })
  onLine('the environment is ready')
  return answer(built, resolved, choice, lock)
}

async function makeLock(
  deps: BuildDeps,
  { who, resolved, onLine, signal }: Order,
  { interpreter, asWanted, deviations }: Choice,
): Promise<LockRow> {
  const { digest, definition } = resolved.defined
  const { version, platform } = interpreter
  onLine(`resolving ${definition.requirements.length} requirements for python ${version} on ${platform}`)
  const toolchain = () => deps.toolchain(onLine, signal)
  const locked = await lockDefinition(definition, {
    interpreter,
    asWanted,
    definitionDigest: digest,
    toolchain,
    onLine,
    signal,
  })
  for (const line of locked.deviations) onLine(`deviation: ${line}`)
  await deps.blobs.put(Buffer.from(locked.text), locked.digest)
  const facts = {
    definition_digest: digest,
    lock_digest: locked.digest,
    python: version,
    platform,
    packages: locked.packages,
  }
  const row = { ...facts, deviations: JSON.stringify(locked.deviations) }
  return deps.db.withTransaction(who, async tx => {
    await insertLock(tx, row)
    const all = [...resolved.defined.deviations, ...deviations, ...locked.deviations]
    tx.append({ type: 'dev.hagane.environment.locked', subject: resolved.subject, data: { ...facts, deviations: all } })
    return { ...row, created_at: tx.now.toISOString() }
  })
}

export async function recordFailure(
  db: Database,
  { who, resolved }: Pick<Order, 'who' | 'resolved'>,
  error: unknown,
): Promise<void> {
  const { digest } = resolved.defined
  const message =
    error instanceof HaganeError ? error.message : 'something went wrong in the server; its log has the reason'
  await db.withTransaction(who, async tx => {
    await changeBuild(tx, digest, { state: 'failed', error: message, finished_at: tx.now.toISOString() })
    tx.append({
      type: 'dev.hagane.environment.build-failed',
      subject: resolved.subject,
      data: { definition_digest: digest, error: message },
    })
  })
}

const sentences = (row: { deviations: string }): string[] => JSON.parse(row.deviations) as string[]

const answer = (
  { prefix, python, lockDigest }: Built,
  { defined }: Resolved,
  choice: Choice,
  lock: LockRow,
): BuiltEnvironment => ({
  prefix,
  python,
  lockDigest,
  deviations: [...defined.deviations, ...choice.deviations, ...sentences(lock)],
})
