import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Interpreter } from '../python/interpreters.ts'
import { run, withoutCredentials } from '../python/process.ts'
import { type LockEntry, readEntries } from './lock-text.ts'
import { isUnreachable, unreachableIndex } from './unreachable-index.ts'

export interface Question {
  readonly requirements: readonly string[]
  /** Packages that may be built from source; all others need a wheel, so that resolving runs no foreign code. */
  readonly fromSource?: ReadonlySet<string>
  /** These packages only, not what they need. */
  readonly alone?: boolean
  readonly lowest?: boolean
  /** Another Python version to answer for, e.g. `3.8`. */
  readonly forPython?: string
}

export type Answer =
  | { readonly ok: true; readonly entries: readonly LockEntry[] }
  | { readonly ok: false; readonly reason: string }

/** Answers which versions satisfy requirements. Throws `unavailable` when the index cannot be reached; "no" is an answer. */
export type Resolver = (question: Question) => Promise<Answer>

const RESOLVE_MS = 30 * 60_000
/** uv reads uv.toml and pyproject.toml of its working directory and all above it; no project's settings may get into a lock. */
export const NEUTRAL = '/'

interface UvOptions {
  readonly uv: string
  readonly env: NodeJS.ProcessEnv
  readonly interpreter: Interpreter
  readonly onLine: (line: string) => void
  readonly signal?: AbortSignal | undefined
}

/** `uv pip compile` for one interpreter. When the index cannot be reached, uv's cache is asked. */
export function uvResolver(options: UvOptions): Resolver {
  return async question => {
    const online = await compile(question, options, false)
    if (online.ok || !isUnreachable(online.reason)) return online
    const cached = await compile(question, options, true)
    if (cached.ok) {
      options.onLine('the package index could not be reached: resolved from the cache')
      return cached
    }
    throw unreachableIndex(options.env, online.reason)
  }
}

async function compile(question: Question, options: UvOptions, offline: boolean): Promise<Answer> {
  const folder = await mkdtemp(join(tmpdir(), 'hagane-lock-'))
  try {
    await writeFile(join(folder, 'requirements.in'), `${question.requirements.join('\n')}\n`)
    const { code, stdout, stderr } = await run(
      options.uv,
      [...argumentsOf(question, options.interpreter, offline), join(folder, 'requirements.in')],
      { env: options.env, cwd: NEUTRAL, signal: options.signal, timeoutMs: RESOLVE_MS },
    )
    return code === 0 ? { ok: true, entries: readEntries(stdout) } : { ok: false, reason: reasonOf(stderr, code) }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function argumentsOf(question: Question, interpreter: Interpreter, offline: boolean): string[] {
  return [
    ...[
      'pip',
      'compile',
      '--quiet',
      '--no-progress',
      '--python',
      interpreter.executable,
      '--generate-hashes',
      '--no-header',
      '--no-annotate',
    ],
    ...['--only-binary', ':all:', ...[...(question.fromSource ?? [])].flatMap(name => ['--no-binary', name])],
    ...(question.alone ? ['--no-deps'] : []),
    ...(question.lowest ? ['--resolution', 'lowest'] : []),
    ...(question.forPython === undefined ? [] : ['--python-version', question.forPython]),
    ...(offline ? ['--offline'] : []),
  ]
}

const REASON_LINES = 30

/** What the resolver reported: its first line and the last ones. */
function reasonOf(stderr: string, code: number): string {
  const lines = withoutCredentials(stderr)
    .split('\n')
    .map(line => line.trimEnd())
    .filter(line => line !== '' && !line.startsWith('warning:'))
  if (lines.length === 0) return `the resolver ended with exit code ${code} and said nothing`
  return lines.length <= REASON_LINES ? lines.join('\n') : [lines[0], '…', ...lines.slice(2 - REASON_LINES)].join('\n')
}

/** The sentence that says why, out of the resolver's report. */
export function causeOf(reason: string): string {
  const [first = ''] = reason.replace(/^error: /, '').split('\n', 1)
  if (first.startsWith('Failed to')) return first
  const flat = reason.replace(/^error: /, '').replace(/\n\s*hint:[\s\S]*$/, '')
  const cause = /cause: ([\s\S]*?)(?=\n\s*cause:|$)/.exec(flat)?.[1]
  return (cause ?? flat).replace(/\s*\n\s*/g, ' ').trim()
}
