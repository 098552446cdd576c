import { randomUUID } from 'node:crypto'
import { mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { compareVersions, versionParts } from '../definition/python-version.ts'
import type { Interpreter } from './interpreters.ts'
import { type RunResult, run, withoutCredentials } from './process.ts'
import { withProcessLock } from './process-lock.ts'

/** The release that is installed when the machine has none. */
export const UV_VERSION = '0.13.9'
/** The oldest whose options and messages are understood. */
const OLDEST_UV = [0, 6]
const INSTALL_MS = 10 * 60_000

/** The version of a uv program, or undefined when it does not run or is too old. */
export async function uvVersionAt(path: string, env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const { code, stdout } = await run(path, ['--version'], { env, timeoutMs: 20_000 })
  const version = /^uv (\d+\.\d+\.\d+)/.exec(stdout)?.[1]
  return code === 0 && version !== undefined && compareVersions(versionParts(version), OLDEST_UV) >= 0
    ? version
    : undefined
}

/** Interpreters in the order in which they are asked for pip: what a user gets by typing `python3` first. */
export const byPreference = (interpreters: readonly Interpreter[]): Interpreter[] =>
  interpreters.toSorted(
    (a, b) =>
      Number(b.preferred) - Number(a.preferred) || compareVersions(versionParts(b.version), versionParts(a.version)),
  )

export const installedUv = (toolsDir: string): string => join(toolsDir, `uv-${UV_VERSION}`, 'bin', 'uv')

export interface InstallOptions {
  readonly env: NodeJS.ProcessEnv
  readonly toolsDir: string
  readonly interpreters: readonly Interpreter[]
  /** A Python that has pip, if there is one. */
  readonly pip: string | undefined
  readonly onLine: (line: string) => void
  readonly signal?: AbortSignal | undefined
}

/**
 * Installs uv once for all servers of this user and answers its path; undefined, with the reason in the log, when neither pip nor
 * venv can do it. The folder appears by a rename, so a crash in the middle leaves nothing that looks installed.
 */
export async function installUv(options: InstallOptions): Promise<string | undefined> {
  const folder = join(options.toolsDir, `uv-${UV_VERSION}`)
  const program = installedUv(options.toolsDir)
  await mkdir(options.toolsDir, { recursive: true })
  return withProcessLock(
    `${folder}.lock`,
    async () => {
      if ((await uvVersionAt(program, options.env)) !== undefined) return program
      const work = join(options.toolsDir, `.uv-${randomUUID()}`)
      try {
        const reason = await installInto(work, options)
        if (reason !== undefined) {
          options.onLine(`uv ${UV_VERSION} could not be installed, pip is used instead: ${reason}`)
          return undefined
        }
        await rm(folder, { recursive: true, force: true })
        await rename(join(work, 'uv'), folder)
        return program
      } finally {
        await rm(work, { recursive: true, force: true })
      }
    },
    { signal: options.signal },
  )
}

/** Why it did not work, or undefined when `<work>/uv/bin/uv` runs. */
async function installInto(work: string, options: InstallOptions): Promise<string | undefined> {
  options.onLine(`installing uv ${UV_VERSION}, once for this user`)
  const python = options.pip ?? (await venvWithPip(join(work, 'venv'), options))
  if (python === undefined)
    return 'no Python here has pip or venv; install python3-venv or python3-pip, or put uv on the PATH'
  const target = join(work, 'uv')
  const result = await run(
    python,
    ['-m', 'pip', 'install', '--no-deps', '--only-binary', ':all:', '--target', target, `uv==${UV_VERSION}`],
    { ...options, timeoutMs: INSTALL_MS },
  )
  if (result.code !== 0) return lastLine(result)
  return (await uvVersionAt(join(target, 'bin', 'uv'), options.env)) === undefined
    ? 'what was installed does not run'
    : undefined
}

async function venvWithPip(folder: string, options: InstallOptions): Promise<string | undefined> {
  for (const { executable } of options.interpreters)
    if ((await run(executable, ['-m', 'venv', folder], { ...options, timeoutMs: INSTALL_MS })).code === 0)
      return join(folder, 'bin', 'python')
  return undefined
}

function lastLine(result: RunResult): string {
  const line = result.stderr
    .trim()
    .split('\n')
    .findLast(text => /error/i.test(text))
  return withoutCredentials(line ?? `pip ended with exit code ${result.code}`)
}
