import { rename, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, isAbsolute, join } from 'node:path'
import { type EnvironmentSpec, HaganeError } from '@hagane/contract'
import {
  type Choice,
  chooseInterpreter,
  define,
  findInterpreters,
  type Interpreter,
  lockDefinition,
  lockDigestOf,
  openBuilder,
  openToolchain,
  parseLock,
  run,
  toolEnvironment,
} from '@hagane/environments'
import { makeFolder, readText } from './files.ts'

export interface EnvironmentWork {
  env: NodeJS.ProcessEnv
  onLine: (line: string) => void
  signal: AbortSignal
}

export interface ReadyEnvironment {
  /** Its interpreter. */
  python: string
  /** undefined for a Python that is taken as it is. */
  lockDigest?: string
}

/** Environments and locks that were made for serving, shared by all models of this user. */
export function cacheFolder(env: NodeJS.ProcessEnv): string {
  const root = env.XDG_CACHE_HOME?.startsWith('/') === true ? env.XDG_CACHE_HOME : join(env.HOME ?? homedir(), '.cache')
  return join(root, 'hagane')
}

/** The Python of this machine with whatever it has installed; `named` or the `python3` of the PATH. */
export async function localEnvironment(
  named: string | undefined,
  { env, signal }: EnvironmentWork,
): Promise<ReadyEnvironment> {
  const program = named ?? 'python3'
  // what a launcher like pyenv's stands for: a process less at each start of a worker
  const asked = ['-c', 'import sys; print(sys.executable)']
  const found = await run(program, asked, { env: toolEnvironment(env), signal, timeoutMs: 60_000 })
  if (found.code === 0 && isAbsolute(found.stdout.trim())) return { python: found.stdout.trim() }
  throw new HaganeError('unavailable', `'${program}' is no Python that can be started here`, {
    hint: 'install Python 3.9 or newer, or name one with --python',
  })
}

/** Locks and builds what a specification asks for; found again the next time without asking anybody. */
export async function environmentOf(spec: EnvironmentSpec, work: EnvironmentWork): Promise<ReadyEnvironment> {
  const parts = await partsOf(work)
  const defined = await define(spec, async () => undefined)
  const { python, resolution } = defined.definition
  const choice = chooseInterpreter(python, await parts.interpreters.all(), resolution)
  const { interpreter } = choice
  const path = join(
    cacheFolder(work.env),
    'locks',
    `${defined.digest}-${interpreter.version}-${interpreter.platform}.txt`,
  )
  const known = await knownLock(path)
  if (known === undefined) for (const line of [...defined.deviations, ...choice.deviations]) work.onLine(line)
  const lockText = known ?? (await makeLock(defined, choice, path, parts, work))
  return build(lockText, interpreter, parts, work)
}

/**
 * Builds exactly what a lock says. Its files are for one minor version of Python on one platform; another patch release
 * takes the same files, so it is enough where the very one is missing.
 */
export async function environmentOfLock(lockText: string, work: EnvironmentWork): Promise<ReadyEnvironment> {
  const parts = await partsOf(work)
  const lock = parseLock(lockText)
  const minor = (version: string): string => version.split('.').slice(0, 2).join('.')
  const fitting = (await parts.interpreters.all()).filter(
    one => one.platform === lock.platform && minor(one.version) === minor(lock.python),
  )
  const interpreter = fitting.find(one => one.version === lock.python) ?? fitting[0]
  if (interpreter === undefined)
    throw new HaganeError(
      'unavailable',
      `the lock is for python ${lock.python} on ${lock.platform}, which is not here`,
      {
        hint: `install Python ${minor(lock.python)}, or serve with the Dockerfile of the package`,
      },
    )
  if (interpreter.version !== lock.python)
    work.onLine(`python ${lock.python} is not here: ${interpreter.version} takes the same files`)
  return build(lockText, interpreter, parts, work)
}

async function makeCache(folder: string): Promise<void> {
  await makeFolder(folder).catch((error: Error) => {
    throw new HaganeError('invalid', `environments are kept in ${folder}, which cannot be made: ${error.message}`, {
      hint: 'set XDG_CACHE_HOME to a folder that can be written, or take the Python that is there: --env-manager local',
    })
  })
}

interface Parts {
  interpreters: ReturnType<typeof findInterpreters>
  toolchain: ReturnType<typeof openToolchain>
}

async function partsOf({ env }: EnvironmentWork): Promise<Parts> {
  await makeCache(cacheFolder(env))
  const interpreters = findInterpreters(env)
  return { interpreters, toolchain: openToolchain({ env, dataDir: cacheFolder(env), interpreters }) }
}

/** A lock that was made before; a damaged one is made anew. */
async function knownLock(path: string): Promise<string | undefined> {
  const text = await readText(path)
  try {
    if (text !== undefined) parseLock(text)
    return text
  } catch (error) {
    if (error instanceof HaganeError) return undefined
    throw error
  }
}

async function makeLock(
  { definition, digest }: Awaited<ReturnType<typeof define>>,
  { interpreter, asWanted }: Choice,
  path: string,
  { toolchain }: Parts,
  { onLine, signal }: EnvironmentWork,
): Promise<string> {
  onLine(`resolving ${definition.requirements.length} requirements for python ${interpreter.version}`)
  const locked = await lockDefinition(definition, {
    interpreter,
    asWanted,
    definitionDigest: digest,
    toolchain: () => toolchain(onLine, signal),
    onLine: () => undefined,
    signal,
  })
  for (const line of locked.deviations) onLine(line)
  await makeCache(dirname(path))
  await writeFile(`${path}.${process.pid}.tmp`, locked.text, { flush: true })
  await rename(`${path}.${process.pid}.tmp`, path)
  return locked.text
}

async function build(
  lockText: string,
  interpreter: Interpreter,
  { toolchain }: Parts,
  { env, onLine, signal }: EnvironmentWork,
): Promise<ReadyEnvironment> {
  const lockDigest = lockDigestOf(lockText)
  const folder = join(cacheFolder(env), 'serve-envs')
  await makeCache(folder)
  const builder = openBuilder(folder)
  const { python } = await builder.build({
    lockDigest,
    lockText,
    interpreter,
    toolchain: () => toolchain(onLine, signal),
    env: toolEnvironment(env),
    onLine,
    signal,
  })
  await builder.settled()
  return { python, lockDigest }
}
