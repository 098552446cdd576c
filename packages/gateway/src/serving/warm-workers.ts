import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import type { Duplex } from 'node:stream'
import type { GatewayDeployment } from '@hagane/contract'
import { packFrame, toWorker } from './frames.ts'

/** Given to a Python before it starts, so that they cannot be told to one that runs. */
const early = /^(PYTHON|LD_|DYLD_|OMP_|OPENBLAS_|MKL_|NUMEXPR_|MALLOC_|CUDA_)/

/** The worker that has just become ready answers its first callers before a spare takes processor time. */
const laterMs = 1000

/** How a worker is started, as far as it matters here. */
interface Start {
  deployment: GatewayDeployment
  entry: string
  environment: Record<string, string>
}

interface Spare {
  key: string
  child: ChildProcess
}

/** Starts a worker's program with its output in a file and a socket pair as descriptor 3. */
export function startProgram(
  program: string,
  words: string[],
  environment: Record<string, string>,
  logFile: string,
): ChildProcess {
  const log = openSync(logFile, 'a', 0o600)
  try {
    return spawn(program, words, { env: environment, stdio: ['ignore', log, log, 'pipe'], detached: true })
  } finally {
    closeSync(log)
  }
}

/**
 * Pythons that have imported what the models of an environment import, and wait to be told which of them they serve.
 * There is one for each environment that had a worker lately, and no more than `most` in all.
 */
export class WarmWorkers {
  readonly #most: number
  readonly #logFile: string
  readonly #wanted = new Map<string, NodeJS.Timeout>()
  #spares: Spare[] = []
  #closed = false

  constructor(most: number, logFile: string) {
    this.#most = most
    this.#logFile = logFile
  }

  /** A worker that was started like this is ready and has imported `modules`: the next of its kind shall find them there. */
  prepare(start: Start, modules: readonly string[]): void {
    const key = keyOf(start)
    const python = pythonOf(start)
    if (
      key === undefined ||
      python === undefined ||
      this.#most === 0 ||
      this.#closed ||
      this.#wanted.has(key) ||
      this.#spares.some(one => one.key === key)
    )
      return
    const timer = setTimeout(() => {
      this.#wanted.delete(key)
      this.#start(key, python, start, modules)
    }, laterMs)
    this.#wanted.set(key, timer)
  }

  /** A spare for this worker, if there is one; it is the caller's from now on. */
  take(start: Start): ChildProcess | undefined {
    const key = keyOf(start)
    const found = this.#spares.find(one => one.key === key && isRunning(one.child))
    this.#spares = this.#spares.filter(one => one !== found && isRunning(one.child))
    found?.child.removeAllListeners()
    return found?.child
  }

  close(): void {
    this.#closed = true
    for (const timer of this.#wanted.values()) clearTimeout(timer)
    for (const { child } of this.#spares) child.kill('SIGKILL')
    this.#spares = []
  }

  #start(key: string, python: string, start: Start, modules: readonly string[]): void {
    while (this.#spares.length >= this.#most) this.#spares.shift()?.child.kill('SIGKILL')
    const own = new Set(Object.keys(start.deployment.environment_variables))
    const environment = Object.fromEntries(Object.entries(start.environment).filter(([name]) => !own.has(name)))
    const child = startProgram(python, [start.entry, 'spare'], environment, this.#logFile)
    const forget = (): void => {
      this.#spares = this.#spares.filter(one => one.child !== child)
    }
    child.on('error', forget)
    child.on('exit', forget)
    const channel = child.stdio[3] as Duplex
    channel.on('error', () => undefined)
    channel.write(packFrame(toWorker.config, 0, Buffer.from(JSON.stringify({ kind: 'warm', modules }))))
    this.#spares.push({ key, child })
  }
}

const isRunning = ({ exitCode, signalCode, pid }: ChildProcess): boolean =>
  pid !== undefined && exitCode === null && signalCode === null

/** Equal for workers that can take each other's place before they have a model; undefined for those that cannot. */
function keyOf({ deployment, environment }: Start): string | undefined {
  const python = pythonOf({ deployment })
  if (python === undefined) return undefined
  if (Object.keys(deployment.environment_variables).some(name => early.test(name))) return undefined
  return JSON.stringify([python, environment.OMP_NUM_THREADS])
}

/** The interpreter of a worker that is our Python program; other kinds are started by themselves. */
const pythonOf = ({ deployment: { runtime } }: Pick<Start, 'deployment'>): string | undefined =>
  runtime.kind.startsWith('python-') && 'python' in runtime ? runtime.python : undefined
