import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface, type Interface } from 'node:readline'
import { HaganeError, type SearchSpace } from '@hagane/contract'
import { middleOf, type Point, sizeOf } from './space.ts'
import { suggestSource } from './suggest-source.ts'

/** One trial of the history that suggestions are made from. */
export interface ToldTrial {
  point: Point
  state: 'complete' | 'pruned' | 'fail' | 'running'
  /** Best value of the primary metric, of complete and pruned trials. */
  value?: number
  intervals: number
}

export interface SuggestRequest {
  seed: string
  goal: 'minimize' | 'maximize'
  space: SearchSpace
  trials: readonly ToldTrial[]
  count: number
}

/** Points that Optuna's TPE sampler suggests. Equal requests get equal answers: every request tells the whole history. */
export interface Suggestions {
  suggest(prefix: string, request: SuggestRequest): Promise<Point[]>
  stop(): void
}

const IDLE_MS = 60_000
const ANSWER_MS = 120_000

/**
 * Keeps one process for a while, since starting Python and Optuna takes a second and a suggestion milliseconds. It remembers nothing
 * and ends with the server, whose end closes its input. `env` is what it inherits.
 */
export function buildSuggestions(env: NodeJS.ProcessEnv = process.env): Suggestions {
  let worker: Worker | undefined
  let idle: NodeJS.Timeout | undefined
  let turn: Promise<unknown> = Promise.resolve()
  const stop = (): void => {
    clearTimeout(idle)
    worker?.end()
    worker = undefined
  }
  const ask = async (prefix: string, request: SuggestRequest): Promise<Point[]> => {
    clearTimeout(idle)
    if (worker?.prefix !== prefix || worker.ended) {
      worker?.end()
      worker = startWorker(prefix, env)
    }
    try {
      return pointsOf(request.space, await worker.ask(asked(request)))
    } catch (error) {
      stop()
      throw error
    } finally {
      idle = setTimeout(stop, IDLE_MS)
      idle.unref()
    }
  }
  return {
    suggest(prefix, request) {
      const mine = turn.then(() => ask(prefix, request))
      // the next in turn does not care how this one ended
      turn = mine.catch(() => undefined)
      return mine
    },
    stop,
  }
}

/** The request in Python's words: values that can be counted by their number, all else between 0 and 1. */
function asked({ space, trials, ...request }: SuggestRequest): string {
  const sizes = Object.fromEntries(Object.entries(space).map(([name, entry]) => [name, sizeOf(entry) ?? 'float']))
  const numbered = ({ point, ...trial }: ToldTrial) => ({
    ...trial,
    point: Object.fromEntries(
      Object.entries(space).map(([name, entry]) => {
        const size = sizeOf(entry)
        const u = point[name] ?? 0.5
        return [name, size === undefined ? u : Math.min(size - 1, Math.floor(u * size))]
      }),
    ),
  })
  return JSON.stringify({ ...request, space: sizes, trials: trials.map(numbered) })
}

const INSIDE = 1e-12

function pointsOf(space: SearchSpace, line: string): Point[] {
  const answer = JSON.parse(line) as { points?: Record<string, number>[]; error?: string }
  if (answer.points === undefined)
    throw new HaganeError('unavailable', `Optuna could not suggest a point: ${answer.error ?? line}`)
  return answer.points.map(point =>
    Object.fromEntries(
      Object.entries(space).map(([name, entry]) => {
        const size = sizeOf(entry)
        const value = point[name] ?? 0.5
        return [name, size === undefined ? Math.min(1 - INSIDE, Math.max(INSIDE, value)) : middleOf(value, size)]
      }),
    ),
  )
}

interface Worker {
  readonly prefix: string
  readonly ended: boolean
  ask(line: string): Promise<string>
  end(): void
}

function startWorker(prefix: string, env: NodeJS.ProcessEnv): Worker {
  const child = spawn(join(prefix, 'bin', 'python'), ['-I', '-c', suggestSource()], {
    env: { PATH: env.PATH, HOME: env.HOME, LANG: 'C.UTF-8', OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1' },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  const lines = createInterface({ input: child.stdout })
  const tail = lastOf(child)
  let ended = false
  child.once('close', () => {
    ended = true
  })
  return {
    prefix,
    get ended() {
      return ended
    },
    ask: line => answerOf(child, lines, line, tail),
    end: () => void child.stdin.end(),
  }
}

/** The end of what a process writes to its standard error. */
function lastOf(child: ChildProcess): () => string {
  let text = ''
  child.stderr?.setEncoding('utf8').on('data', (more: string) => {
    text = (text + more).slice(-2000)
  })
  return () => text.trim().split('\n').at(-1) ?? ''
}

function answerOf(child: ChildProcess, lines: Interface, line: string, tail: () => string): Promise<string> {
  return new Promise((resolve, reject) => {
    const fail = (why: string): void => settle(() => reject(new HaganeError('unavailable', why)))
    const gone = (): void => fail(`the process that asks Optuna ended${tail() === '' ? '' : `: ${tail()}`}`)
    const broken = (error: Error): void => fail(`the process that asks Optuna could not run: ${error.message}`)
    const slow = setTimeout(() => {
      child.kill('SIGKILL')
      fail(`Optuna gave no answer within ${ANSWER_MS / 1000} s`)
    }, ANSWER_MS)
    const settle = (with_: () => void): void => {
      clearTimeout(slow)
      lines.off('line', answered)
      child.off('close', gone)
      child.off('error', broken)
      child.stdin?.off('error', broken)
      with_()
    }
    const answered = (answer: string): void => settle(() => resolve(answer))
    lines.once('line', answered)
    child.once('close', gone)
    child.once('error', broken)
    child.stdin?.once('error', broken)
    child.stdin?.write(`${line}\n`)
  })
}
