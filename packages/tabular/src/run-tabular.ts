import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { getPriority, setPriority } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { type ErrorKind, HaganeError } from '@hagane/contract'
import type { ResultOf, TabularRequest } from './requests.ts'

export interface TabularOptions {
  readonly signal?: AbortSignal
  /** Largest memory of the reader's tables, such as 1GB; more is spilled to disk. Default HAGANE_TABLES_MEMORY or 1GB. */
  readonly memory?: string
  /** It runs when nobody else wants the processor. */
  readonly background?: boolean
}
type Answer<T> = { result: T } | { error: { kind: ErrorKind; message: string; hint?: string; details?: [] } }

/** Answers requests about tables, one after the other. */
export interface TabularReader extends AsyncDisposable {
  /** The process that reads; undefined before the first request and after it ended. */
  readonly pid: number | undefined
  /** Throws what the reader found wrong, or `unavailable` when it did not live to say; the next request has a new process then. */
  ask<R extends TabularRequest>(request: R): Promise<ResultOf<R>>
}

/**
 * Answers requests about tables in a process of its own: files are a stranger's, and what goes wrong in reading them ends that
 * process and nothing else. What it made of captures for one request serves the next. It is started by the first request.
 */
export function openReader(options: TabularOptions = {}): TabularReader {
  let running: Child | undefined
  let last: Promise<unknown> = Promise.resolve()
  const next = async <R extends TabularRequest>(request: R): Promise<ResultOf<R>> => {
    options.signal?.throwIfAborted()
    running ??= startChild(options)
    const answer = (await running.ask(JSON.stringify(request)).catch(error => {
      running = undefined
      throw error
    })) as Answer<ResultOf<R>>
    if ('error' in answer) throw new HaganeError(answer.error.kind, answer.error.message, answer.error)
    return answer.result
  }
  return {
    get pid() {
      return running?.pid
    },
    ask(request) {
      const answered = last.then(() => next(request))
      last = answered.catch(() => {})
      return answered
    },
    async [Symbol.asyncDispose]() {
      await last
      await running?.end()
    },
  }
}

/** The same for a single request. */
export async function runTabular<R extends TabularRequest>(
  request: R,
  options: TabularOptions = {},
): Promise<ResultOf<R>> {
  await using reader = openReader(options)
  return await reader.ask(request)
}

interface Child {
  readonly pid: number | undefined
  /** Sends a line and waits for the line that answers it. */
  ask(line: string): Promise<unknown>
  end(): Promise<void>
}

/** Readers live beside others and not long: memory counts for more than the last tenth of speed. */
export const readerFlags = ['--max-old-space-size=512', '--optimize-for-size', '--expose-gc']

function startChild({ memory, background, signal }: TabularOptions): Child {
  const child = spawn(process.execPath, [...readerFlags, program()], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: environment(memory),
    ...(signal === undefined ? {} : { signal, killSignal: 'SIGKILL' as const }),
  })
  if (background === true && child.pid !== undefined) setPriority(child.pid, Math.min(19, getPriority() + 15))
  child.stdin.on('error', () => {}) // it ended before it had read everything; its exit says why
  const err = text(child.stderr)
  const exit = new Promise<string>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, killed) => resolve(killed ?? `exit code ${code}`))
  })
  exit.catch(() => {}) // told to whoever asks
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return {
    pid: child.pid,
    async ask(line) {
      child.stdin.write(`${line}\n`)
      const answer = parsed((await lines.next()).value)
      if (answer !== undefined) return answer
      child.stdin.end()
      throw ended(await exit, await err)
    },
    async end() {
      child.stdin.end()
      await exit.catch(() => {})
    },
  }
}

const ended = (how: string, said: string): HaganeError =>
  new HaganeError(
    'unavailable',
    `the reader of tables ended by ${how} ${said.trim().split('\n').at(-1) ?? ''}`.trim(),
    { hint: 'the files may be damaged, or need more memory: see HAGANE_TABLES_MEMORY' },
  )

function parsed(line: string | undefined): Answer<unknown> | undefined {
  try {
    return JSON.parse(line ?? '') as Answer<unknown>
  } catch {
    return undefined
  }
}

/** Nothing of the server's own: no token, no database address. */
function environment(memory: string | undefined): Record<string, string> {
  const passed = ['PATH', 'HOME', 'TMPDIR', 'LANG', 'HAGANE_TABLES_MEMORY', 'LD_LIBRARY_PATH', 'NODE_COMPILE_CACHE']
  const own = Object.fromEntries(
    passed.flatMap(name => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  )
  return { ...own, ...(memory === undefined ? {} : { HAGANE_TABLES_MEMORY: memory }) }
}

/**
 * The reader's source while this runs from source, its bundle otherwise or where HAGANE_BUNDLES says that bundles are as
 * new as their sources; looked for upwards, since bundles lie elsewhere.
 */
function program(here: string = import.meta.filename): string {
  const fromSource = here.endsWith('.ts') && process.env.HAGANE_BUNDLES === undefined
  const name = fromSource ? 'tabular/src/main.ts' : 'tabular/dist/tabular.mjs'
  for (let folder = dirname(here); folder !== dirname(folder); folder = dirname(folder)) {
    const candidate = join(folder, name)
    if (existsSync(candidate)) return candidate
  }
  throw new Error(`no ${name} beside ${here}`)
}
