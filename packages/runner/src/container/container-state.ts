import { existsSync, readFileSync } from 'node:fs'
import { inheritable } from '../job-environment.ts'
import { layout, recordIn } from '../layout.ts'
import { containerName } from './container-arguments.ts'
import { askEngine } from './engine.ts'

const LONGEST_WORDS = 2000

/** The engine of the step in a folder; undefined when its command does not run in a container, or nothing was staged. */
const engineOf = (folder: string): string | undefined => recordIn(folder)?.container?.engine

/** The part of this process' environment that reaches an engine: never what a job says. */
export const engineEnvironment = (): Record<string, string> => inheritable(process.env)

/** What the engine knows of the step's container; undefined when there is none, or it does not answer. */
export async function containerState(folder: string): Promise<'running' | { code: number } | undefined> {
  const engine = engineOf(folder)
  if (engine === undefined) return undefined
  const format = '{{.State.Running}} {{.State.Status}} {{.State.ExitCode}}'
  const answer = await askEngine(engine, ['inspect', '--format', format, containerName(folder)], engineEnvironment())
  const [running, status, code] = answer.stdout.trim().split(' ')
  if (answer.code !== 0) return undefined
  if (running === 'true') return 'running'
  return status === 'exited' || status === 'stopped' ? { code: Number(code) } : undefined
}

/** Waits for the end of a container that outlived everything around it. Resolves to its exit code, null when nobody can say. */
export async function containerEnd(folder: string, signal?: AbortSignal): Promise<number | null> {
  const engine = engineOf(folder)
  const state = await containerState(folder)
  if (engine === undefined || state === undefined) return null
  if (state !== 'running') return state.code
  const answer = await askEngine(engine, ['wait', containerName(folder)], engineEnvironment(), signal)
  if (signal?.aborted === true) return new Promise<never>(() => undefined)
  const code = Number.parseInt(answer.stdout, 10)
  return answer.code === 0 && Number.isInteger(code) ? code : null
}

/** Asks the processes of a container to end, where they are not seen from this machine: it runs in a virtual machine. */
export async function askContainerToEnd(folder: string): Promise<void> {
  const engine = engineOf(folder)
  if (engine === undefined || process.platform === 'linux') return
  await askEngine(engine, ['kill', '--signal', 'TERM', containerName(folder)], engineEnvironment())
}

/** Ends the step's container, if it still runs, and removes it. Does nothing for a step without one. */
export async function removeContainer(folder: string): Promise<void> {
  const engine = engineOf(folder)
  if (engine !== undefined) await askEngine(engine, ['rm', '--force', containerName(folder)], engineEnvironment())
}

/** The engine's own words when the container of a step did not begin; undefined when it did, or there is none. */
export function engineFailure(folder: string): string | undefined {
  const { contained, engineWords } = layout(folder)
  if (engineOf(folder) === undefined || existsSync(contained) || !existsSync(engineWords)) return undefined
  const words = readFileSync(engineWords, 'utf8').trim().slice(-LONGEST_WORDS)
  return words === '' ? 'the engine said nothing' : words
}
