import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { getPriority, setPriority } from 'node:os'
import { dirname, join } from 'node:path'
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

/**
 * Answers a request about tables in a process of its own: files are a stranger's, and what goes wrong in reading them ends
 * that process and nothing else. Throws what the reader found wrong, or `unavailable` when it did not live to say.
 */
export async function runTabular<R extends TabularRequest>(
  request: R,
  options: TabularOptions = {},
): Promise<ResultOf<R>> {
  const child = spawn(process.execPath, ['--max-old-space-size=512', program()], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: environment(options.memory),
    ...(options.signal === undefined ? {} : { signal: options.signal, killSignal: 'SIGKILL' as const }),
  })
  if (options.background === true && child.pid !== undefined) setPriority(child.pid, Math.min(19, getPriority() + 15))
  const exit = new Promise<string>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => resolve(signal ?? `exit code ${code}`))
  })
  child.stdin.on('error', () => {}) // it ended before it had read everything; its exit says why
  child.stdin.end(JSON.stringify(request))
  const [out, err, ended] = await Promise.all([text(child.stdout), text(child.stderr), exit])
  const answer = parsed<ResultOf<R>>(out)
  if (answer === undefined)
    throw new HaganeError(
      'unavailable',
      `the reader of tables ended by ${ended} ${err.trim().split('\n').at(-1) ?? ''}`.trim(),
      {
        hint: 'the files may be damaged, or need more memory: see HAGANE_TABLES_MEMORY',
      },
    )
  if ('error' in answer) throw new HaganeError(answer.error.kind, answer.error.message, answer.error)
  return answer.result
}

function parsed<T>(text: string): Answer<T> | undefined {
  try {
    return JSON.parse(text) as Answer<T>
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

/** The reader's source while this runs from source, its bundle otherwise; looked for upwards, since bundles lie elsewhere. */
function program(here: string = import.meta.filename): string {
  const name = here.endsWith('.ts') ? 'tabular/src/main.ts' : 'tabular/dist/tabular.mjs'
  for (let folder = dirname(here); folder !== dirname(folder); folder = dirname(folder)) {
    const candidate = join(folder, name)
    if (existsSync(candidate)) return candidate
  }
  throw new Error(`no ${name} beside ${here}`)
}
