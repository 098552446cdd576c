import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Distribution } from '../types.ts'

/** What a distributed step has in its folder beside what every step has. */
const files = (folder: string) => ({
  ranks: join(folder, 'ranks'),
  request: join(folder, 'ranks', 'ranks.json'),
  failed: join(folder, 'failed-rank.json'),
})

/** What the supervisor is asked to do. Holds no secret: those are in its environment. */
export interface RanksRequest {
  command: string
  distribution: Distribution
}

export interface FailedRank {
  rank: number
  code: number
}

export const ranksFolder = (folder: string): string => files(folder).ranks
/** Kept after cleaning, so that the reason of a failure can be told again. */
export const failedRankFile = 'failed-rank.json'

export const writeRequest = (folder: string, request: RanksRequest): void =>
  writeFileSync(files(folder).request, `${JSON.stringify(request, null, 2)}\n`, { mode: 0o600 })
export const readRequest = (folder: string): RanksRequest =>
  JSON.parse(readFileSync(files(folder).request, 'utf8')) as RanksRequest

/** The log of one rank, without prefixes. */
export const rankLog = (folder: string, rank: number): string => join(files(folder).ranks, `${rank}.log`)

/** Ranks that left a log, in order. */
export const loggedRanks = (folder: string): number[] =>
  existsSync(files(folder).ranks)
    ? readdirSync(files(folder).ranks)
        .flatMap(name => (/^\d+\.log$/.test(name) ? [Number.parseInt(name, 10)] : []))
        .sort((a, b) => a - b)
    : []

export const writeFailedRank = (folder: string, failed: FailedRank): void =>
  writeFileSync(files(folder).failed, `${JSON.stringify(failed)}\n`)

/** The rank whose failure ended the others, if one did; half a line is not believed. */
export function readFailedRank(folder: string): FailedRank | undefined {
  const path = files(folder).failed
  const text = existsSync(path) ? readFileSync(path, 'utf8') : ''
  return text.endsWith('\n') ? (JSON.parse(text) as FailedRank) : undefined
}
