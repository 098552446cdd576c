/**
 * Stands where the command of a distributed step would: starts its ranks in the same folder, prints what they print, and
 * ends with the code of the first rank that fails, after the others were ended. Argument: the step's folder.
 * It stays in the step's process group, so whoever ends the step ends it and all ranks.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { constants } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { endMembers } from '../end-processes.ts'
import { listProcesses, processesOf } from '../processes.ts'
import { freePorts } from './free-ports.ts'
import { rankLog, readRequest, writeFailedRank } from './rank-files.ts'
import { rankOutput } from './rank-output.ts'
import { portsNeeded, type Rank, ranksOf } from './rank-variables.ts'

const GRACE_MS = 10_000
/** Time for a background process of a rank to close the log that it shares with it. */
const OUTPUT_MS = 1000
const STOPPED = 143

// the ranks get these too: this process stays until they have ended
for (const name of ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM'] as const) process.on(name, () => undefined)

const folder = process.argv[2] ?? ''

interface Running {
  rank: Rank
  exit: Promise<number>
  outputEnd: Promise<void>
}

async function supervise(): Promise<number> {
  const { command, distribution } = readRequest(folder)
  const ranks = ranksOf(distribution, await freePorts(portsNeeded(distribution)))
  const running = ranks.map((rank, number) => startRank(command, rank, number))
  const failed = await firstFailure(running)
  if (failed !== undefined) {
    writeFailedRank(folder, failed)
    const others = running.length > 1 ? '; the other ranks are ended' : ''
    process.stdout.write(`[hagane] rank ${failed.rank} exited with code ${failed.code}${others}\n`)
  }
  await endOthers()
  await Promise.race([Promise.all(running.map(({ outputEnd }) => outputEnd)), sleep(OUTPUT_MS)])
  return failed?.code ?? 0
}

/** A `bash` with the command, as in a step that is not distributed; both its outputs are one pipe, so their order stays. */
function startRank(command: string, rank: Rank, number: number): Running {
  const child = spawn('/bin/sh', ['-c', 'exec bash -c -- "$0" 2>&1', command], {
    env: { ...process.env, ...rank.variables },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const output = rankOutput(`rank ${number}`, rankLog(folder, number))
  child.stdout.on('data', (chunk: Buffer) => output.write(chunk))
  const outputEnd = new Promise<void>(resolve => child.stdout.on('close', resolve)).then(() => output.end())
  return { rank, exit: exitOf(child, number), outputEnd }
}

const exitOf = (child: ChildProcess, number: number): Promise<number> =>
  new Promise(resolve => {
    child.on('exit', (code, signal) => resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])))
    child.on('error', error => {
      process.stdout.write(`[hagane] rank ${number} cannot be started: ${error.message}\n`)
      resolve(126)
    })
  })

/** The first rank that ends with another code than 0; undefined when all essential ones ended well. */
function firstFailure(running: readonly Running[]): Promise<{ rank: number; code: number } | undefined> {
  return new Promise(resolve => {
    let left = running.filter(({ rank }) => rank.essential).length
    for (const [number, { rank, exit }] of running.entries())
      exit.then(code => {
        if (code !== 0) resolve({ rank: number, code })
        else if (rank.essential && --left === 0) resolve(undefined)
      })
  })
}

/** Everything of the step but this process and the shells that wait for it. */
async function endOthers(): Promise<void> {
  const waiting = await ancestors()
  const others = async () => (await processesOf({ folder, leader: undefined })).filter(({ pid }) => !waiting.has(pid))
  await endMembers(others, GRACE_MS)
}

async function ancestors(): Promise<Set<number>> {
  const parents = new Map((await listProcesses()).map(({ pid, parent }) => [pid, parent]))
  const found = new Set<number>()
  for (let pid = parents.get(process.pid); pid !== undefined && !found.has(pid); pid = parents.get(pid)) found.add(pid)
  return found
}

process.exitCode = existsSync(join(folder, 'stopped')) ? STOPPED : await supervise()
