import { execFile } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { HaganeError } from '@hagane/contract'

/** The Python that a private environment is laid over. */
export interface BasePython {
  prefix: string
  /** the interpreter itself, links resolved */
  executable: string
  /** e.g. 3.11 */
  version: string
  /** site-packages of a virtual environment; undefined for an installation, whose packages every environment can see */
  sitePackages: string | undefined
  seesSystemPackages: boolean
  /** pip as a wheel file, when the base has none installed */
  pipWheel: string | undefined
}

const probe = `import importlib.util as u, json, sys
print(json.dumps([sys.prefix, getattr(sys, '_base_executable', sys.executable), '%d.%d' % sys.version_info[:2], bool(u.find_spec('pip'))]))`

/** Describes the Python of a prefix, or the first on `path`. Throws `unsupported` when there is none. */
export async function findBasePython(prefix: string | undefined, path: string): Promise<BasePython> {
  const known = prefix === undefined ? undefined : describeVirtual(prefix)
  if (known !== undefined) return known
  const command = prefix === undefined ? 'python3' : join(prefix, 'bin', 'python3')
  const { stdout } = await promisify(execFile)(command, ['-c', probe], { env: { PATH: path } }).catch(
    (cause: unknown) => {
      throw new HaganeError('unsupported', `the command installs packages, but ${command} cannot be run`, {
        hint: 'give the job an environment, or install Python 3 on this machine',
        cause,
      })
    },
  )
  const [found, executable, version, hasPip] = JSON.parse(stdout) as [string, string, string, boolean]
  const virtual = describeVirtual(found)
  if (virtual !== undefined) return virtual
  return {
    prefix: found,
    executable: realpathSync(executable),
    version,
    sitePackages: undefined,
    seesSystemPackages: true,
    pipWheel: hasPip ? undefined : bundledPip(realpathSync(executable), version),
  }
}

/** Reads pyvenv.cfg (PEP 405); undefined when the prefix is no virtual environment. */
function describeVirtual(prefix: string): BasePython | undefined {
  const file = join(prefix, 'pyvenv.cfg')
  if (!existsSync(file)) return undefined
  const settings = new Map(
    readFileSync(file, 'utf8')
      .split('\n')
      .map(line => /^\s*([\w-]+)\s*=\s*(.*?)\s*$/.exec(line))
      .flatMap(match => (match === null ? [] : [[match[1] ?? '', match[2] ?? ''] as const])),
  )
  const version = /^\d+\.\d+/.exec(settings.get('version') ?? settings.get('version_info') ?? '')?.[0]
  if (version === undefined) return undefined
  const executable = realpathSync(join(prefix, 'bin', 'python'))
  const sitePackages = join(prefix, 'lib', `python${version}`, 'site-packages')
  const hasPip = existsSync(join(sitePackages, 'pip'))
  return {
    prefix,
    executable,
    version,
    sitePackages,
    seesSystemPackages: settings.get('include-system-site-packages') === 'true',
    pipWheel: hasPip ? undefined : bundledPip(executable, version),
  }
}

/** The wheel that `ensurepip` would install; it runs from inside the file. */
function bundledPip(executable: string, version: string): string | undefined {
  const root = dirname(dirname(executable))
  const folders = [join(root, 'lib', `python${version}`, 'ensurepip', '_bundled'), '/usr/share/python-wheels']
  for (const folder of folders.filter(path => existsSync(path))) {
    const wheel = readdirSync(folder).find(name => /^pip-.*\.whl$/.test(name))
    if (wheel !== undefined) return join(folder, wheel)
  }
  return undefined
}
