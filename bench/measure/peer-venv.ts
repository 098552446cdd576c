import { existsSync } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { runOrFail } from './peer-python.ts'

/** Orchestrators, each in an environment of its own, because their requirements exclude each other. */
export const orchestrators = {
  metaflow: ['metaflow==2.19.39'],
  prefect: ['prefect==3.9.1', 'fastapi<0.151'],
  dagster: ['dagster==1.13.29'],
} as const

/**
 * The folder of executables of one peer, built once below the user's cache with bytecode compiled. Undefined when it
 * cannot be installed here: the reason is said, and its figures are missing.
 */
export async function peerVenv(
  name: string,
  requirements: readonly string[],
  say: (text: string) => void,
): Promise<string | undefined> {
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), '.cache')
  const folder = join(cache, 'hagane-bench', requirements.join('_').replaceAll(/[^\w.]+/g, '-'))
  const bin = join(folder, 'bin')
  if (existsSync(join(folder, '.complete'))) return bin
  say(`installing ${name}, once`)
  try {
    await rm(folder, { recursive: true, force: true })
    await mkdir(folder, { recursive: true })
    runOrFail('python3', ['-m', 'venv', folder])
    runOrFail(join(bin, 'python'), ['-m', 'pip', 'install', '--quiet', '--compile', ...requirements])
    await writeFile(join(folder, '.complete'), '')
    return bin
  } catch (error) {
    say(`${name} is left out: ${(error as Error).message.trim().split('\n').at(-1)}`)
    return undefined
  }
}
