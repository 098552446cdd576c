import { spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { plainEnvironment } from '../../tools/demo/processes.ts'

const LOOK_MS = 200

export interface Capped {
  /** What it wrote; undefined when it was stopped. */
  readonly output?: string
  /** Most memory that it was seen with, in bytes (VmHWM of proc(5), looked at five times a second); 0 where there is no /proc. */
  readonly peak: number
}

/** Runs a program for so many seconds at most; fails with what it wrote when it fails by itself. */
export async function runCapped(command: string, args: readonly string[], seconds: number): Promise<Capped> {
  const child = spawn(command, args, { env: plainEnvironment(), stdio: ['ignore', 'pipe', 'pipe'] })
  let [output, errors, peak] = ['', '', 0]
  child.stdout.on('data', chunk => (output += String(chunk)))
  child.stderr.on('data', chunk => (errors += String(chunk)))
  const ended = new Promise<number | null>((resolve, reject) => child.once('error', reject).once('close', resolve))
  const deadline = performance.now() + 1000 * seconds
  const over = { yes: false }
  ended.catch(() => {}).finally(() => (over.yes = true))
  while (!over.yes && performance.now() < deadline) {
    peak = Math.max(peak, await peakOf(child.pid))
    await sleep(LOOK_MS)
  }
  const stopped = !over.yes && child.kill('SIGKILL')
  const code = await ended
  if (stopped) return { peak }
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} failed:\n${errors}`)
  return { output, peak }
}

async function peakOf(pid: number | undefined): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
  const [, kilobytes = '0'] = /VmHWM:\s+(\d+)/.exec(status) ?? []
  return 1024 * Number(kilobytes)
}
