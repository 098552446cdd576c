import { constants } from 'node:os'
import { type FailureCause, HaganeError } from '@hagane/contract'
import { freeBytes, isDiskFull, lacksRoom } from '../../../kernel/disk-reserve.ts'
import type { StepExit, StepUsage } from '../../compute/index.ts'
import type { CommandPlan } from '../model/plan.ts'
import { lackOf } from './failure-hint.ts'

export interface Failure {
  message: string
  cause?: FailureCause
  signal?: string
  hint?: string
}

interface Ended {
  exit: StepExit
  tail: readonly string[]
  ranOutOfMemory: boolean
  folder: string
  plan: Pick<CommandPlan, 'environment' | 'environmentId'>
}

const NO_SPACE = /No space left on device|\[Errno 28\]|Disk quota exceeded|ENOSPC|EDQUOT|disk is full/
const NO_MEMORY = /\b(MemoryError|ArrayMemoryError|std::bad_alloc|OutOfMemoryError)\b/
const LAST_WORDS = 3

/** Why a command that did not exit with 0 ended: what the kernel knows first, then its last words, then its code. */
export function failureOfExit(ended: Ended): Failure {
  const { message, ...why } = reasonOf(ended)
  return { message: `${message}${peakText(ended.exit.usage)}`, ...why }
}

function reasonOf({ exit, tail, ranOutOfMemory, folder, plan }: Ended): Failure {
  if (exit.engine !== undefined)
    return { cause: 'container', message: `the container of the step did not begin: ${exit.engine}` }
  const who = exit.rank === undefined ? 'the command' : `rank ${exit.rank} of the distributed step`
  const signal = exit.code === null ? undefined : signalOf(exit.code)
  const killed = exit.code === null || signal === 'SIGKILL'
  const signalled = signal === undefined ? {} : { signal }
  if (killed && ranOutOfMemory)
    return { cause: 'out_of_memory', message: `${who} was ended by the kernel: out of memory`, ...signalled }
  if (exit.code === null) return { cause: 'lost', message: 'the process ended without telling its exit code' }
  const ended = `${who} exited with code ${exit.code}`
  const words = tail.slice(-LAST_WORDS).join('\n')
  if (NO_SPACE.test(words)) return { cause: 'out_of_disk', message: `${ended}: out of disk${freeText(folder)}` }
  if (NO_MEMORY.test(words)) return { cause: 'out_of_memory', message: `${ended}: out of memory`, ...signalled }
  const lack = lackOf(exit.code, words, plan)
  if (lack !== undefined) return { ...lack, message: `${ended}: ${lack.message}` }
  // on a full disk its last words may not have reached the log
  if (lacksRoom(folder)) return { cause: 'out_of_disk', message: `${ended}: out of disk${freeText(folder)}` }
  if (signal === undefined) return { cause: 'exit_code', message: ended }
  const somebody = signal === 'SIGKILL' ? ': somebody killed it, the kernel tells of no lack of memory' : ''
  return { cause: 'signal', message: `${ended} (${signal}${somebody})`, ...signalled }
}

/** A step whose end nobody saw. On a full disk it could not write down how it ended. */
export function failureOfLoss(
  reason: string,
  ranOutOfMemory: boolean,
  left: { usage?: StepUsage; folder?: string } = {},
): Failure {
  const peak = peakText(left.usage)
  if (ranOutOfMemory)
    return {
      cause: 'out_of_memory',
      message: `the processes of the step were ended by the kernel: out of memory${peak}`,
    }
  const lost = `the step's process was lost: ${reason}`
  if (left.folder !== undefined && lacksRoom(left.folder))
    return { cause: 'out_of_disk', message: `${lost}; out of disk${freeText(left.folder)}${peak}` }
  return { cause: 'lost', message: `${lost}${peak}` }
}

const peakText = (usage: StepUsage | undefined): string =>
  usage?.peak_memory_bytes === undefined ? '' : `; its memory peaked at ${byteText(usage.peak_memory_bytes)}`

/** Megabytes are 10^6 bytes, as in the metrics. */
const byteText = (bytes: number): string =>
  bytes < 1e9 ? `${Math.round(bytes / 1e6)} MB` : `${(bytes / 1e9).toFixed(1)} GB`

/** Why a step could not be run, or its outputs not be taken over, in the words of what was thrown. */
export function failureOfError(error: Error, folder: string): Failure {
  const full = chainOf(error).find(tellsFullDisk)
  if (full !== undefined) {
    const { path, dest } = full as NodeJS.ErrnoException & { dest?: string }
    const where = dest ?? path
    return {
      cause: 'out_of_disk',
      message: `out of disk${where === undefined ? '' : ` at ${where}`}${freeText(folder)}`,
    }
  }
  if (!(error instanceof HaganeError)) return { message: `the server could not run this step: ${error.message}` }
  const about = (property: string): boolean => error.details?.some(detail => detail.property === property) === true
  const message = `${error.message}${error.hint === undefined ? '' : ` (${error.hint})`}`
  if (about('container_image') || about('container_engine')) return { cause: 'container', message }
  if (about('package_index')) return { cause: 'package_index', message }
  return about('python') ? { cause: 'missing_interpreter', message } : { message }
}

function chainOf(error: Error): Error[] {
  const chain: Error[] = []
  for (let at: unknown = error; at instanceof Error && !chain.includes(at); at = at.cause) chain.push(at)
  return chain
}

function tellsFullDisk(error: Error): boolean {
  const details = error instanceof HaganeError ? (error.details ?? []).map(({ message }) => message) : []
  return isDiskFull(error) || [error.message, ...details].some(text => NO_SPACE.test(text))
}

function freeText(folder: string): string {
  const free = freeBytes(folder)
  return free === undefined ? '' : ` (${free} bytes are free for ${folder})`
}

/** What a shell tells of a command that a signal ended: 128 and the signal's number. */
const signalOf = (code: number): string | undefined =>
  Object.entries(constants.signals).find(([, number]) => number === code - 128)?.[0]
