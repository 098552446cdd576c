import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { layout } from '../layout.ts'
import type { Traffic } from './machine.ts'

/** What a step has used, as far as it was seen. */
export interface StepUsage {
  /** The most that its processes had together, in bytes; absent when it was over before anybody looked. */
  peak_memory_bytes?: number
  /** Of all its processes, user and system. */
  cpu_seconds?: number
}

/** usage.json: what the sampler needs to go on after a restart. */
export interface UsageRecord {
  peak_memory_bytes: number
  cpu_seconds: number
  /** Points told so far. */
  points: number
  /** The machine's counters when the measuring began. */
  traffic?: Traffic | undefined
  /** An MLflow client logs system metrics itself, so ours have stopped. */
  silent?: boolean
}

export function readUsageRecord(folder: string): UsageRecord | undefined {
  try {
    return JSON.parse(readFileSync(layout(folder).usage, 'utf8')) as UsageRecord
  } catch {
    return undefined // nothing was measured, or a disk that was full cut it off
  }
}

/** Replaces the record as a whole. Throws when the folder is gone or the disk is full. */
export function writeUsageRecord(folder: string, record: UsageRecord): void {
  const { usage } = layout(folder)
  writeFileSync(`${usage}.new`, `${JSON.stringify(record)}\n`, { mode: 0o600 })
  renameSync(`${usage}.new`, usage)
}

/** What an attempt has used: the samples, and at its end the wrapper's own account of processor time. */
export function usageOf(folder: string): StepUsage {
  const record = readUsageRecord(folder)
  const cpuSeconds = readTimes(folder) ?? record?.cpu_seconds
  return {
    ...(record === undefined || record.peak_memory_bytes === 0 ? {} : { peak_memory_bytes: record.peak_memory_bytes }),
    ...(cpuSeconds === undefined ? {} : { cpu_seconds: Math.round(cpuSeconds * 1000) / 1000 }),
  }
}

/** The second line of the shell's `times`: user and system time of all children it has waited for, e.g. `0m1.50s 0m0.25s`. */
function readTimes(folder: string): number | undefined {
  let text: string
  try {
    text = readFileSync(layout(folder).times, 'latin1')
  } catch {
    return undefined // it has not ended, or its wrapper was killed
  }
  const times = [...(text.split('\n')[1] ?? '').matchAll(/(\d+)m(\d+)[.,](\d+)s/g)]
  if (times.length !== 2) return undefined
  return times.reduce((sum, [, minutes, seconds, part]) => sum + Number(minutes) * 60 + Number(`${seconds}.${part}`), 0)
}
