import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { HaganeError } from '@hagane/contract'

export interface RunOptions {
  readonly env: NodeJS.ProcessEnv
  readonly cwd?: string | undefined
  /** Each line of both streams, without credentials. */
  readonly onLine?: ((line: string) => void) | undefined
  readonly signal?: AbortSignal | undefined
  readonly timeoutMs?: number | undefined
  /** Written to the program's standard input, which is closed after it. */
  readonly input?: string | undefined
}

export interface RunResult {
  readonly code: number
  /** Standard output, at most 64 MiB. */
  readonly stdout: string
  /** The last 200 lines of standard error. */
  readonly stderr: string
}

const KEPT_LINES = 200
const MAX_OUTPUT = 64 * 2 ** 20
const KILL_AFTER_MS = 5000

/** `https://user:secret@host` → `https://***@host`; no line of a log or an error holds credentials. */
export const withoutCredentials = (text: string): string => text.replace(/(\w:\/\/)[^/@\s]+@/g, '$1***@')

/**
 * Runs a program without a shell, in a process group of its own. Resolves with its exit code, whatever it is (127 when it cannot
 * be started). On abort or time-out the whole group is ended and the call throws.
 */
export async function run(program: string, args: readonly string[], options: RunOptions): Promise<RunResult> {
  options.signal?.throwIfAborted()
  const child = spawn(program, args, {
    cwd: options.cwd,
    env: options.env,
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  const stop = new AbortController()
  const limit =
    options.timeoutMs === undefined
      ? undefined
      : setTimeout(() => stop.abort(timedOut(program, options.timeoutMs as number)), options.timeoutMs)
  const signal = options.signal === undefined ? stop.signal : AbortSignal.any([options.signal, stop.signal])
  const end = () => endGroup(child)
  signal.addEventListener('abort', end, { once: true })
  try {
    const [stdout, stderr, code] = await Promise.all([
      collect(child.stdout, 'all', options.onLine),
      collect(child.stderr, 'last', options.onLine),
      exitOf(child, options.input),
    ])
    signal.throwIfAborted()
    return { code, stdout, stderr }
  } finally {
    clearTimeout(limit)
    signal.removeEventListener('abort', end)
  }
}

const timedOut = (program: string, ms: number): HaganeError =>
  new HaganeError('timeout', `${program} did not finish within ${Math.round(ms / 1000)} s`)

function exitOf(child: ChildProcess, input: string | undefined): Promise<number> {
  return new Promise(resolve => {
    child.once('error', () => resolve(127))
    child.once('close', (code, signal) => resolve(code ?? (signal === null ? 1 : 128)))
    child.stdin?.on('error', () => undefined) // a program may end without reading its input
    child.stdin?.end(input ?? '')
  })
}

async function collect(stream: Readable, keep: 'all' | 'last', onLine: RunOptions['onLine']): Promise<string> {
  const lines: string[] = []
  let size = 0
  stream.on('error', () => undefined) // ends the loop below; the exit code tells what happened
  for await (const raw of createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY })) {
    onLine?.(withoutCredentials(raw))
    size += raw.length
    if (keep === 'all' && size > MAX_OUTPUT) continue
    lines.push(raw)
    if (keep === 'last' && lines.length > KEPT_LINES) lines.shift()
  }
  return lines.join('\n')
}

function endGroup(child: ChildProcess): void {
  const { pid } = child
  if (pid === undefined) return
  signalGroup(pid, 'SIGTERM')
  const last = setTimeout(() => signalGroup(pid, 'SIGKILL'), KILL_AFTER_MS)
  child.once('close', () => clearTimeout(last))
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

/** Names of variables that the tools need; everything else of the server's environment (tokens, settings) stays here. */
const PASSED = [
  /^(PATH|HOME|USER|LOGNAME|LANG|LANGUAGE|TMPDIR|TZ|NETRC|LD_LIBRARY_PATH|DYLD_\w+|MACOSX_DEPLOYMENT_TARGET|PYENV_ROOT)$/,
  /^(LC_|XDG_|SSL_|NIX_)/,
  /^(https?|all|no|ftp)_proxy$/i,
  /^(REQUESTS_CA_BUNDLE|CURL_CA_BUNDLE)$/,
  /^(CC|CXX|FC|CFLAGS|CXXFLAGS|FFLAGS|CPPFLAGS|LDFLAGS|MAKEFLAGS|PKG_CONFIG_PATH|JAVA_HOME|CUDA_HOME|RUSTUP_HOME|CARGO_HOME)$/,
  /^PIP_(INDEX_URL|EXTRA_INDEX_URL|FIND_LINKS|NO_INDEX|CERT|CLIENT_CERT|TRUSTED_HOST|PROXY|DEFAULT_TIMEOUT|TIMEOUT|RETRIES|CONFIG_FILE|CACHE_DIR|KEYRING_PROVIDER)$/,
  /^UV_(CACHE_DIR|CONFIG_FILE|DEFAULT_INDEX|INDEX\w*|EXTRA_INDEX_URL|FIND_LINKS|NO_INDEX|HTTP_TIMEOUT|HTTP_RETRIES|INSECURE_HOST|KEYRING_PROVIDER|NATIVE_TLS|SYSTEM_CERTS|LINK_MODE|CONCURRENT_\w+|OFFLINE|EXCLUDE_NEWER|PYTHON_INSTALL_DIR)$/,
]

/** The environment for Python tools, from the server's own. PYTHON* is left out, so nothing leaks into what is built. */
export function toolEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const passed = Object.entries(env).filter(
    ([name, value]) => value !== undefined && PASSED.some(pattern => pattern.test(name)),
  )
  return {
    ...Object.fromEntries(passed),
    NO_COLOR: '1',
    PIP_DISABLE_PIP_VERSION_CHECK: '1',
    PIP_NO_INPUT: '1',
    PYTHONNOUSERSITE: '1',
    PYTHONIOENCODING: 'utf-8',
    PYTHONUNBUFFERED: '1',
  }
}
