import { readdir, readFile, realpath } from 'node:fs/promises'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import { run, toolEnvironment } from './process.ts'

export interface Interpreter {
  /** Of the base installation, never of a virtual environment. */
  readonly executable: string
  /** Full version, e.g. `3.11.7`. */
  readonly version: string
  readonly prefix: string
  /** e.g. `linux-x86_64`, `linux-x86_64-musl`, `macosx-14.0-arm64` */
  readonly platform: string
  /** Python's number for its byte code, in hexadecimal. */
  readonly magic: string
  /** The first `python3` on the PATH: what a user gets by typing it. */
  readonly preferred: boolean
}

/** The Pythons of this machine; looked for once, again after `refresh`. */
export interface Interpreters {
  all(): Promise<readonly Interpreter[]>
  refresh(): Promise<readonly Interpreter[]>
}

const PROBE_MS = 10_000
const PROBES_AT_ONCE = 8
const PROBE = `
import sys, os, json, sysconfig
from importlib.util import MAGIC_NUMBER
if sys.implementation.name != 'cpython' or sys.version_info < (3, 6): sys.exit(3)
base = getattr(sys, '_base_executable', None) or sys.executable
if sys.prefix != sys.base_prefix:
    for name in ('python%d.%d' % sys.version_info[:2], 'python3', 'python'):
        if os.path.exists(os.path.join(sys.base_prefix, 'bin', name)):
            base = os.path.join(sys.base_prefix, 'bin', name)
            break
musl = 'musl' in (sysconfig.get_config_var('SOABI') or '')
print(json.dumps({'executable': base, 'version': '%d.%d.%d' % sys.version_info[:3], 'prefix': sys.base_prefix, 'platform': sysconfig.get_platform() + ('-musl' if musl else ''), 'magic': MAGIC_NUMBER.hex()}))
`

/** Finds interpreters on the PATH, of pyenv, of uv and of conda. What does not answer as CPython ≥ 3.6 is passed over. */
export function findInterpreters(env: NodeJS.ProcessEnv): Interpreters {
  let found: Promise<readonly Interpreter[]> | undefined
  const search = () => {
    found = searchAll(env)
    return found
  }
  return { all: () => found ?? search(), refresh: search }
}

async function searchAll(env: NodeJS.ProcessEnv): Promise<Interpreter[]> {
  const candidates = await candidatesOf(env)
  const answers: (Interpreter | undefined)[] = []
  for (let i = 0; i < candidates.length; i += PROBES_AT_ONCE)
    answers.push(...(await Promise.all(candidates.slice(i, i + PROBES_AT_ONCE).map(path => probe(path, env)))))
  return distinct(answers.filter(answer => answer !== undefined))
}

/** One for each installation, in order of discovery; the first found `python3` is the preferred one. */
function distinct(found: readonly Interpreter[]): Interpreter[] {
  const byPrefix = new Map<string, Interpreter>()
  for (const interpreter of found) {
    const key = `${interpreter.prefix}\0${interpreter.version}`
    if (!byPrefix.has(key)) byPrefix.set(key, { ...interpreter, preferred: byPrefix.size === 0 })
  }
  return [...byPrefix.values()]
}

/** Paths worth asking, `python3` of the PATH first. */
export async function candidatesOf(env: NodeJS.ProcessEnv): Promise<string[]> {
  const home = env.HOME ?? homedir()
  const folders = (env.PATH ?? '').split(delimiter).filter(folder => folder.startsWith('/'))
  // pyenv's shims answer for the active version only, which `python3` does too; the others are found in its own tree
  const own = folders.filter(folder => !folder.endsWith('/shims'))
  const versioned = (await Promise.all(own.map(folder => matching(folder, /^python3\.\d+$/)))).flat()
  const trees = [
    join(env.PYENV_ROOT ?? join(home, '.pyenv'), 'versions'),
    env.UV_PYTHON_INSTALL_DIR ?? join(env.XDG_DATA_HOME ?? join(home, '.local', 'share'), 'uv', 'python'),
    ...condaRoots(env, home).map(root => join(root, 'envs')),
  ]
  const inTrees = (await Promise.all(trees.map(tree => matching(tree, /./)))).flat()
  const roots = [...inTrees, ...condaRoots(env, home), ...(await condaEnvironments(home))]
  const paths = [
    ...folders.map(folder => join(folder, 'python3')),
    ...versioned,
    ...roots.map(root => join(root, 'bin', 'python')),
  ]
  return existing(paths)
}

function condaRoots(env: NodeJS.ProcessEnv, home: string): string[] {
  const named = env.CONDA_EXE === undefined ? [] : [join(env.CONDA_EXE, '..', '..')]
  return [
    ...named,
    ...['miniforge3', 'mambaforge', 'miniconda3', 'anaconda3'].map(name => join(home, name)),
    '/opt/conda',
    '/opt/miniconda3',
  ]
}

async function condaEnvironments(home: string): Promise<string[]> {
  const text = await readFile(join(home, '.conda', 'environments.txt'), 'utf8').catch(() => '')
  return text
    .split('\n')
    .map(line => line.trim())
    .filter(line => line.startsWith('/'))
}

async function matching(folder: string, pattern: RegExp): Promise<string[]> {
  const names = await readdir(folder).catch(() => [] as string[])
  return names
    .filter(name => pattern.test(name))
    .sort()
    .map(name => join(folder, name))
}

/** Those that exist, each file once: `/bin` is often the same folder as `/usr/bin`. */
async function existing(paths: readonly string[]): Promise<string[]> {
  const real = await Promise.all(paths.map(path => realpath(path).catch(() => undefined)))
  const seen = new Set<string>()
  return paths.filter((_path, index) => {
    const target = real[index]
    if (target === undefined || seen.has(target)) return false
    seen.add(target)
    return true
  })
}

async function probe(path: string, env: NodeJS.ProcessEnv): Promise<Interpreter | undefined> {
  const result = await run(path, ['-I', '-S', '-c', PROBE], { env: toolEnvironment(env), timeoutMs: PROBE_MS }).catch(
    () => undefined,
  )
  if (result?.code !== 0) return undefined
  try {
    const { executable, version, prefix, platform, magic } = JSON.parse(result.stdout) as Omit<Interpreter, 'preferred'>
    return { executable, version, prefix, platform, magic, preferred: false }
  } catch {
    return undefined // something else than Python answers under this name
  }
}
