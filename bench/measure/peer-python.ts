import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { plainEnvironment } from '../../tools/demo/processes.ts'

export const sklearnVersion = 'scikit-learn==1.9.1'

/** What a served model needs; the same versions for both sides. */
export const servingRequirements = ['mlflow==3.17.2', sklearnVersion, 'pandas==3.1.1', 'skops==0.16.0']

/** The peers, pinned: their figures mean nothing without their versions. */
const requirements = [...servingRequirements, 'metaflow==2.19.39']

/** Peers of the snapshots, apart: they ask for other versions of the same packages. */
export const dataPeers = ['dvc==3.67.1']

/**
 * Folder of executables of a Python environment that holds the peers. Built once, below the user's cache, with bytecode
 * compiled: without it every start of a peer looks two to three times slower than it is.
 */
export async function peerPython(say: (text: string) => void, packages = requirements): Promise<string> {
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), '.cache')
  const folder = join(cache, 'hagane-bench', packages.join('_').replaceAll('==', '-'))
  const marker = join(folder, '.complete')
  const bin = join(folder, 'bin')
  if (existsSync(marker)) return bin
  say('installing the peers into a Python environment, once')
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  runOrFail('python3', ['-m', 'venv', folder])
  runOrFail(join(bin, 'python'), ['-m', 'pip', 'install', '--quiet', '--compile', ...packages])
  await writeFile(marker, '')
  return bin
}

/** Runs a program to its end; fails with what it wrote. Returns its standard output. */
export function runOrFail(command: string, args: readonly string[], options: RunOptions = {}): string {
  const done = spawnSync(command, args, {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    cwd: options.cwd,
    env: plainEnvironment(options.env),
  })
  if (done.error !== undefined) throw new Error(`${command} could not be started: ${done.error.message}`)
  if (done.status !== 0) throw new Error(`${command} ${args.join(' ')} failed:\n${done.stdout}${done.stderr}`)
  return done.stdout
}

export interface RunOptions {
  cwd?: string
  env?: NodeJS.ProcessEnv
}

/** Milliseconds that a program takes from start to end. */
export function timeOf(command: string, args: readonly string[], options: RunOptions = {}): number {
  const started = performance.now()
  runOrFail(command, args, options)
  return performance.now() - started
}
