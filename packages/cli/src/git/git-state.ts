import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { GitState } from '@hagane/contract'
import { safeDiff, type WorkingDiff } from './working-diff.ts'

const run = promisify(execFile)
const timeoutMs = 5000

/**
 * What git says about a folder: commit, branch, remote without credentials, whether files differ from the commit, and
 * the folder inside the repository. Nothing when git is missing or the folder is in no repository with a commit.
 */
export async function gitState(folder: string): Promise<GitState | undefined> {
  const commit = await git(folder, 'rev-parse', '--verify', 'HEAD')
  if (commit === undefined || commit === '') return undefined
  const [branch, prefix, remote, changes] = await Promise.all([
    git(folder, 'symbolic-ref', '--quiet', '--short', 'HEAD'),
    git(folder, 'rev-parse', '--show-prefix'),
    remoteUrl(folder),
    git(folder, 'status', '--porcelain'),
  ])
  return {
    commit,
    dirty: changes !== '',
    ...(branch ? { branch } : {}),
    ...(remote ? { remote } : {}),
    ...(prefix ? { path: prefix.replace(/\/$/, '') } : {}),
  }
}

/** The same whatever somebody's settings of git say; prefixes and names are what secrets are found by. */
const diffWords = [
  ...['-c', 'core.quotePath=false', 'diff', 'HEAD', '--no-color', '--no-ext-diff', '--no-textconv'],
  ...['--no-relative', '--src-prefix=a/', '--dst-prefix=b/'],
]

/** What differs from the commit in the files that git knows, in the whole repository; nothing when nothing does. */
export async function workingDiff(folder: string): Promise<WorkingDiff | undefined> {
  const top = await git(folder, 'rev-parse', '--show-toplevel')
  // bytes of a diff matter, so that its last line break stays
  const diff = top === undefined ? undefined : await output(top, ...diffWords)
  return diff === undefined || diff === '' ? undefined : safeDiff(diff)
}

async function remoteUrl(folder: string): Promise<string | undefined> {
  const origin = await git(folder, 'remote', 'get-url', 'origin')
  if (origin) return withoutCredentials(origin)
  const first = (await git(folder, 'remote'))?.split('\n')[0]
  const url = first ? await git(folder, 'remote', 'get-url', first) : undefined
  return url ? withoutCredentials(url) : undefined
}

/** A remote address without user name, password, token, query or fragment; `git@host:path` has no secret and stays. */
export function withoutCredentials(remote: string): string {
  if (!remote.includes('://')) return remote
  const url = URL.parse(remote)
  if (url === null) return remote.replace(/\/\/[^/]*@/, '//')
  url.username = ''
  url.password = ''
  url.search = ''
  url.hash = ''
  return url.toString()
}

/** The answer of one git command, or nothing when it failed. GIT_OPTIONAL_LOCKS=0: looking must not write the index. */
async function git(folder: string, ...args: string[]): Promise<string | undefined> {
  return (await output(folder, ...args))?.trim()
}

async function output(folder: string, ...args: string[]): Promise<string | undefined> {
  const env = { ...process.env, GIT_OPTIONAL_LOCKS: '0', LC_ALL: 'C' }
  const options = { cwd: folder, env, timeout: timeoutMs, maxBuffer: 64 * 1024 * 1024, encoding: 'utf8' as const }
  try {
    return (await run('git', args, options)).stdout
  } catch {
    return undefined // no git, no repository, no commit, no remote: all mean that there is nothing to tell
  }
}
