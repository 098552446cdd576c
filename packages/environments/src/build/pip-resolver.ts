import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { HaganeError } from '@hagane/contract'
import { packageName } from '../definition/requirement.ts'
import type { Interpreter } from '../python/interpreters.ts'
import { type RunResult, run, withoutCredentials } from '../python/process.ts'
import type { LockEntry } from './lock-text.ts'
import type { Answer, Resolver } from './resolver.ts'
import { addBundledPip, createVenv, pythonOf } from './venv.ts'

interface PipOptions {
  readonly env: NodeJS.ProcessEnv
  readonly interpreter: Interpreter
  readonly onLine: (line: string) => void
  readonly signal?: AbortSignal | undefined
}

const RESOLVE_MS = 30 * 60_000

/**
 * The fallback without uv: `pip install --dry-run --report` in a virtual environment of the interpreter. It names the one file of
 * each package that pip would install, so such a lock holds for one platform. Questions about other Pythons are answered with no.
 */
export function pipResolver(options: PipOptions): Resolver {
  return async question => {
    if (question.forPython !== undefined || question.lowest)
      return { ok: false, reason: 'pip does not answer this; install uv' }
    const folder = await mkdtemp(join(tmpdir(), 'hagane-lock-'))
    try {
      const python = await recentPip(join(folder, 'venv'), options)
      await writeFile(join(folder, 'requirements.in'), `${question.requirements.join('\n')}\n`)
      const result = await run(
        python,
        [
          '-m',
          'pip',
          'install',
          '--dry-run',
          '--quiet',
          '--ignore-installed',
          '--prefer-binary',
          ...(question.alone ? ['--no-deps'] : []),
          '--report',
          join(folder, 'report.json'),
          '-r',
          'requirements.in',
        ],
        { env: options.env, cwd: folder, signal: options.signal, timeoutMs: RESOLVE_MS },
      )
      return result.code === 0 ? await readReport(python, folder, options) : { ok: false, reason: lastLines(result) }
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  }
}

/** Reports came with pip 22.2; an older one is brought up to date in the throw-away environment. */
async function recentPip(folder: string, options: PipOptions): Promise<string> {
  await createVenv(options.interpreter, folder, options)
  if (!(await addBundledPip(folder, options)))
    throw new HaganeError(
      'unavailable',
      `python ${options.interpreter.version} has no pip, and uv could not be installed`,
      { hint: 'install uv and put it on the PATH of the server, or on Debian and Ubuntu: apt install python3-venv' },
    )
  const python = pythonOf(folder)
  const [major = 0, minor = 0] = (await pipVersion(python, options)).split('.').map(Number)
  if (major < 22 || (major === 22 && minor < 2))
    await run(python, ['-m', 'pip', 'install', '--quiet', '--upgrade', 'pip'], {
      env: options.env,
      signal: options.signal,
      timeoutMs: RESOLVE_MS,
    })
  return python
}

const pipVersion = async (python: string, options: PipOptions): Promise<string> =>
  /^pip (\S+)/.exec((await run(python, ['-m', 'pip', '--version'], { env: options.env })).stdout)?.[1] ?? '0'

interface Report {
  install: {
    metadata: { name: string; version: string }
    download_info: { url: string; archive_info?: { hash?: string; hashes?: Record<string, string> } }
  }[]
}

async function readReport(python: string, folder: string, options: PipOptions): Promise<Answer> {
  const report = JSON.parse(await readFile(join(folder, 'report.json'), 'utf8')) as Report
  const entries = report.install.map(({ metadata, download_info }): LockEntry => {
    const hash = download_info.archive_info?.hashes?.sha256 ?? download_info.archive_info?.hash?.replace(/^sha256=/, '')
    return { name: packageName(metadata.name), version: metadata.version, hashes: hash === undefined ? [] : [hash] }
  })
  options.onLine(`resolved with pip ${await pipVersion(python, options)}`)
  return { ok: true, entries }
}

const lastLines = (result: RunResult): string =>
  withoutCredentials(result.stderr).trim().split('\n').slice(-30).join('\n')
