import { randomUUID } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { HaganeError } from '@hagane/contract'
import type { Interpreter } from '../python/interpreters.ts'
import { run, withoutCredentials } from '../python/process.ts'
import { withProcessLock } from '../python/process-lock.ts'
import type { Toolchain } from '../python/toolchain.ts'
import { compileBytecode, linkBytecode } from './bytecode.ts'
import { type Lock, parseLock } from './lock-text.ts'
import { NEUTRAL } from './resolver.ts'
import { isUnreachable, unreachableIndex } from './unreachable-index.ts'
import { addBundledPip, createVenv, pythonOf, readdress } from './venv.ts'

export interface Built {
  /** Folder of the virtual environment. */
  readonly prefix: string
  /** Its `python`. */
  readonly python: string
  readonly lockDigest: string
}

export interface BuildRequest {
  readonly lockDigest: string
  readonly lockText: string
  readonly interpreter: Interpreter
  readonly toolchain: () => Promise<Toolchain>
  /** For tools that run without the toolchain. */
  readonly env: NodeJS.ProcessEnv
  readonly onLine: (line: string) => void
  readonly signal?: AbortSignal | undefined
}

const MARKER = 'hagane-environment.json'
const INSTALL_MS = 60 * 60_000

export interface Builder {
  /** The finished environment of a lock, or undefined. A few file system calls. */
  find(lockDigest: string): Promise<Built | undefined>
  /** The finished environment, built first if need be. Throws `invalid` or `unavailable` with the installer's last lines. */
  build(request: BuildRequest): Promise<Built>
  /** Resolves when nothing is being compiled behind finished environments any more. */
  settled(): Promise<void>
  /** Ends that compiling; what is missing is compiled by Python on import. */
  stop(): Promise<void>
}

/**
 * Virtual environments in `<folder>/<lock digest>`. Each is built beside its place and renamed into it when everything is there,
 * so a builder that is killed leaves nothing that looks finished; one builder works on a lock at a time, over all processes.
 */
export function openBuilder(folder: string): Builder {
  const behind = new Set<Promise<void>>()
  const stopping = new AbortController()
  const settled = async () => void (await Promise.all(behind))
  const compileBehind = (prefix: string, { interpreter, toolchain, onLine }: BuildRequest): void => {
    const work: Promise<void> = toolchain()
      .then(({ cacheDir, env }) =>
        compileBytecode(prefix, interpreter, cacheDir, { env, onLine, signal: stopping.signal }),
      )
      .catch((error: Error) => onLine(`compiling was not finished: ${error.message}`))
      .finally(() => behind.delete(work))
    behind.add(work)
  }
  const placeOf = (lockDigest: string): string => join(folder, lockDigest)
  const find = async (lockDigest: string): Promise<Built | undefined> => {
    const prefix = placeOf(lockDigest)
    return (await isComplete(prefix, lockDigest)) ? { prefix, python: pythonOf(prefix), lockDigest } : undefined
  }
  const build = async (request: BuildRequest): Promise<Built> => {
    const { lockDigest, onLine, signal } = request
    return withProcessLock(
      join(folder, '.locks', lockDigest),
      async () => {
        const known = await find(lockDigest)
        if (known !== undefined) return known
        const work = await freshWorkFolder(folder, lockDigest)
        try {
          const missing = await fill(work, placeOf(lockDigest), request)
          await rm(placeOf(lockDigest), { recursive: true, force: true })
          await rename(work, placeOf(lockDigest))
          if (missing > 0) compileBehind(placeOf(lockDigest), request)
        } finally {
          await rm(work, { recursive: true, force: true })
        }
        return { prefix: placeOf(lockDigest), python: pythonOf(placeOf(lockDigest)), lockDigest }
      },
      { signal, onWait: () => onLine('another process is building this environment: waiting for it') },
    )
  }
  return {
    find,
    build: async request => (await find(request.lockDigest)) ?? build(request),
    settled,
    stop: () => {
      stopping.abort(new Error('the server is stopping'))
      return settled()
    },
  }
}

/** The marker is written last, before the rename; a Python that was uninstalled since makes the link to it dangle. */
async function isComplete(prefix: string, lockDigest: string): Promise<boolean> {
  const [marker, python] = await Promise.all([
    readFile(join(prefix, MARKER), 'utf8').catch(() => undefined),
    stat(pythonOf(prefix)).catch(() => undefined),
  ])
  return marker !== undefined && python !== undefined && marker.includes(lockDigest)
}

/** Clears what builders of this lock left that were killed. The name is short: it ends up in scripts' first lines. */
async function freshWorkFolder(folder: string, lockDigest: string): Promise<string> {
  const prefix = `.building-${lockDigest.slice(0, 16)}-`
  for (const name of await readdir(folder))
    if (name.startsWith(prefix)) await rm(join(folder, name), { recursive: true, force: true, maxRetries: 3 })
  const work = join(folder, `${prefix}${randomUUID().slice(0, 8)}`)
  await mkdir(work, { recursive: true })
  return work
}

/** Answers how many files are still to be compiled. */
async function fill(work: string, destination: string, request: BuildRequest): Promise<number> {
  const lock = parseLock(request.lockText)
  const { interpreter, onLine, signal } = request
  onLine(`building for python ${interpreter.version}: ${lock.entries.length} packages`)
  await createVenv(interpreter, work, request)
  let missing = 0
  if (lock.entries.length === 0) await addBundledPip(work, request)
  else {
    const toolchain = await request.toolchain()
    await install(work, lock, toolchain, request)
    missing = await linkBytecode(work, interpreter, toolchain.cacheDir, { env: toolchain.env, onLine, signal })
  }
  await readdress(work, destination)
  await writeFile(
    join(work, MARKER),
    `${JSON.stringify({ lock_digest: request.lockDigest, python: interpreter.version, packages: lock.entries.length })}\n`,
  )
  return missing
}

async function install(work: string, lock: Lock, toolchain: Toolchain, request: BuildRequest): Promise<void> {
  const lockFile = join(work, 'hagane-lock.txt')
  await writeFile(lockFile, request.lockText)
  const sources = ['--only-binary', ':all:', ...lock.fromSource.flatMap(name => ['--no-binary', name])]
  if (toolchain.uv === undefined) return installWithPip(work, lockFile, sources, toolchain, request)
  const arguments_ = [
    'pip',
    'sync',
    '--require-hashes',
    '--no-progress',
    '--python',
    pythonOf(work),
    ...sources,
    lockFile,
  ]
  const options = { env: toolchain.env, cwd: NEUTRAL, signal: request.signal, timeoutMs: INSTALL_MS }
  // without asking the index anything, if all files are in the cache
  const cached = await run(toolchain.uv, [...arguments_, '--offline'], options)
  if (cached.code === 0) return request.onLine(`installed ${lock.entries.length} packages from the cache`)
  const { code, stderr } = await run(toolchain.uv, arguments_, { ...options, onLine: request.onLine })
  if (code !== 0) throw notInstalled(stderr, toolchain.env)
}

async function installWithPip(
  work: string,
  lockFile: string,
  sources: readonly string[],
  toolchain: Toolchain,
  request: BuildRequest,
): Promise<void> {
  await addBundledPip(work, request)
  const { code, stderr, stdout } = await run(
    pythonOf(work),
    ['-m', 'pip', 'install', '--require-hashes', '--no-deps', '--no-compile', ...sources, '-r', lockFile],
    {
      env: toolchain.env,
      cwd: work,
      onLine: request.onLine,
      signal: request.signal,
      timeoutMs: INSTALL_MS,
    },
  )
  if (code !== 0) throw notInstalled(stderr || stdout, toolchain.env)
}

function notInstalled(output: string, env: NodeJS.ProcessEnv): HaganeError {
  const lines = withoutCredentials(output).trim().split('\n').slice(-30).join('\n')
  const blamed = /Failed to (?:build|download(?: and build)?) `([^`]+)`/.exec(lines)?.[1]
  if (isUnreachable(lines) && !/Failed to build/.test(lines)) return unreachableIndex(env, lines)
  const what =
    blamed === undefined
      ? (lines.split('\n').find(line => /error/i.test(line)) ?? 'the installer failed')
      : `${blamed} could not be installed`
  return new HaganeError('invalid', `the environment cannot be built: ${what}`, {
    hint: 'choose a version that has a wheel for this Python, or install what its build needs on the machine; the log has all lines',
    details: [{ property: blamed ?? 'installer', message: lines }],
  })
}
