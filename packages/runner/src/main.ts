/**
 * The runner as a program of one file, for a machine that has Node and nothing else of Hagane:
 *
 *   node runner.mjs run <work-order.json>       stage, start, print the log, collect; starts nothing twice
 *   node runner.mjs adopt <work-order.json>     what became of it; collects when it has ended
 *   node runner.mjs cancel <work-order.json>    end its process tree
 *
 * `run` prints the step's log and ends with the step's code; the others print the result. A result is in `result.json` of
 * the attempt's folder. Exit code 64: the work order is wrong; 74: content could not be read or stored; 75: lost.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { HaganeError } from '@hagane/contract'
import { readLog } from './log.ts'
import type { RunningStep } from './types.ts'
import { begin, cancel, finish, look, type WorkResult } from './work-order/carry-out.ts'
import { readWorkOrder, type WorkOrder } from './work-order/order.ts'

const USAGE = 64
const INPUT_OUTPUT = 74
const LOST = 75
const LOG_BLOCK = 2 ** 20
const LOOK_MS = 200

/** Prints what is new in the log until the step has ended, then the rest. */
async function printLog({ folder }: WorkOrder, ended: Promise<unknown>): Promise<void> {
  let over = false
  const end = ended.finally(() => {
    over = true
  })
  end.catch(() => undefined)
  for (let offset = 0; ; ) {
    const last = over
    const { bytes, nextOffset } = await readLog(folder, offset, LOG_BLOCK)
    offset = nextOffset
    if (bytes.length > 0 && !process.stdout.write(bytes))
      await new Promise(resolve => process.stdout.once('drain', resolve))
    if (bytes.length > 0) continue
    if (last) return
    await Promise.race([sleep(LOOK_MS), end.catch(() => undefined)])
  }
}

/** A signal that comes while the step is staged ends it as soon as it has started. */
async function run(order: WorkOrder): Promise<WorkResult> {
  let stopped = false
  let step: RunningStep | undefined
  const stop = () => {
    stopped = true
    step?.cancel().catch((error: Error) => process.stderr.write(`the step could not be ended: ${error.message}\n`))
  }
  for (const name of ['SIGTERM', 'SIGINT'] as const) process.on(name, stop)
  const found = await begin(order)
  if (found.state === 'running') step = found.step
  if (stopped) stop()
  await printLog(order, step?.exit ?? Promise.resolve())
  return finish(order, found)
}

const verbs: Readonly<Record<string, (order: WorkOrder) => Promise<WorkResult>>> = { run, adopt: look, cancel }

function exitCodeOf({ state, exit }: WorkResult): number {
  if (state === 'lost' || state === 'never-started') return LOST
  return exit === undefined ? 0 : (exit.code ?? LOST)
}

async function main([verb = '', path]: readonly string[]): Promise<number> {
  const act = Object.hasOwn(verbs, verb) ? verbs[verb] : undefined
  if (act === undefined || path === undefined) {
    process.stderr.write(`usage: node runner.mjs ${Object.keys(verbs).join('|')} <work-order.json>\n`)
    return USAGE
  }
  const result = await act(readWorkOrder(path))
  if (act !== run) process.stdout.write(`${JSON.stringify(result, null, 2)}\n`)
  return act === run ? exitCodeOf(result) : 0
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  const { message, errno } = error as NodeJS.ErrnoException
  const told = error instanceof HaganeError
  // a disk, a shared folder: of anything else the stack is wanted
  if (!told && errno === undefined) throw error
  process.stderr.write(`${message}${told && error.hint !== undefined ? `\n  fix: ${error.hint}` : ''}\n`)
  process.exitCode = told && ['invalid', 'not_found', 'unsupported'].includes(error.kind) ? USAGE : INPUT_OUTPUT
}
