import { access, constants, mkdir } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { HaganeError } from '@hagane/contract'
import type { Interpreter, Interpreters } from './interpreters.ts'
import { type PipSettings, parsePipConfig, uvVariables } from './pip-settings.ts'
import { run, toolEnvironment } from './process.ts'
import { byPreference, installedUv, installUv, uvVersionAt } from './uv.ts'

/** What locks and builds environments: uv, or pip where uv cannot be had. */
export interface Toolchain {
  /** Path of uv; undefined means that pip has to do. */
  readonly uv: string | undefined
  /** Variables for every process of the toolchain. */
  readonly env: NodeJS.ProcessEnv
  /** Shared by all environments of this user: `uv` (downloads), `bytecode`, `tools`. */
  readonly cacheDir: string
}

export interface ToolchainOptions {
  readonly env: NodeJS.ProcessEnv
  readonly dataDir: string
  readonly interpreters: Interpreters
}

export type OnLine = (line: string) => void

/** Finds or installs the tools on first use. A failed installation is tried again by the next caller. */
export function openToolchain(options: ToolchainOptions): (onLine: OnLine, signal?: AbortSignal) => Promise<Toolchain> {
  let ready: Promise<Toolchain> | undefined
  return async (onLine, signal) => {
    ready ??= open(options, onLine, signal)
    const attempt = ready
    const forget = () => {
      if (ready === attempt) ready = undefined
    }
    try {
      const toolchain = await attempt
      if (toolchain.uv === undefined) forget()
      return toolchain
    } catch (error) {
      forget()
      throw error
    }
  }
}

async function open(
  { env, dataDir, interpreters }: ToolchainOptions,
  onLine: OnLine,
  signal?: AbortSignal,
): Promise<Toolchain> {
  const base = toolEnvironment(env)
  const cacheDir = await cacheFolder(env, dataDir)
  const found = await interpreters.all()
  const [present, pip] = await Promise.all([presentUv(env, base, cacheDir), pipOf(found, base, signal)])
  const full = {
    UV_CACHE_DIR: join(cacheDir, 'uv'),
    ...base,
    ...uvVariables(pip.settings, base),
    UV_PYTHON_DOWNLOADS: 'never',
    UV_NO_PROGRESS: '1',
  }
  const uv =
    present ??
    (await installUv({
      env: full,
      toolsDir: join(cacheDir, 'tools'),
      interpreters: found,
      pip: pip.python,
      onLine,
      signal,
    }))
  return { uv, env: full, cacheDir }
}

/** The first Python that has pip, and what that pip is set up with. */
async function pipOf(
  found: readonly Interpreter[],
  env: NodeJS.ProcessEnv,
  signal?: AbortSignal,
): Promise<{ python: string | undefined; settings: PipSettings }> {
  for (const { executable } of byPreference(found)) {
    const config = await run(executable, ['-m', 'pip', 'config', 'list'], { env, signal, timeoutMs: 60_000 })
    if (config.code === 0) return { python: executable, settings: parsePipConfig(config.stdout) }
  }
  return { python: undefined, settings: {} }
}

/** uv as HAGANE_UV names it, else one on the PATH that is new enough, else the one that was installed before. */
async function presentUv(
  env: NodeJS.ProcessEnv,
  toolEnv: NodeJS.ProcessEnv,
  cacheDir: string,
): Promise<string | undefined> {
  const named = env.HAGANE_UV
  if (named === undefined || named === '') {
    for (const path of ['uv', installedUv(join(cacheDir, 'tools'))])
      if ((await uvVersionAt(path, toolEnv)) !== undefined) return path
    return undefined
  }
  if ((await uvVersionAt(named, toolEnv)) !== undefined) return named
  throw new HaganeError('invalid', `HAGANE_UV: '${named}' is no uv that this server can use`, {
    hint: 'name the uv program (0.6 or newer), or unset HAGANE_UV to let the server find or install it',
  })
}

/** The user's cache folder, or one in the data folder when that cannot be written. */
export async function cacheFolder(env: NodeJS.ProcessEnv, dataDir: string): Promise<string> {
  const root = env.XDG_CACHE_HOME?.startsWith('/') ? env.XDG_CACHE_HOME : join(env.HOME ?? homedir(), '.cache')
  const wished = join(root, 'hagane')
  try {
    await mkdir(wished, { recursive: true })
    await access(wished, constants.W_OK)
    return wished
  } catch {
    const own = join(dataDir, 'cache')
    await mkdir(own, { recursive: true })
    return own
  }
}
