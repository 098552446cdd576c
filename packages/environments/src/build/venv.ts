import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { HaganeError } from '@hagane/contract'
import type { Interpreter } from '../python/interpreters.ts'
import { type RunOptions, run } from '../python/process.ts'

type Options = Pick<RunOptions, 'env' | 'onLine' | 'signal'>

/**
 * Unpacks the pip that comes with this Python (ensurepip's wheel) and writes its script. The same as `python -m ensurepip`, which
 * takes two seconds for it. Exit code 3: this Python brings no pip, as Debian's does without python3-venv.
 */
const ADD_PIP = `
import glob, os, stat, sys, sysconfig, zipfile
try:
    import ensurepip
except ImportError:
    sys.exit(3)
folders = [os.path.join(os.path.dirname(ensurepip.__file__), '_bundled'), sysconfig.get_config_var('WHEEL_PKG_DIR') or '', '/usr/share/python-wheels']
wheels = [wheel for folder in folders if folder for wheel in sorted(glob.glob(os.path.join(folder, 'pip-*.whl')))]
if not wheels: sys.exit(3)
with zipfile.ZipFile(wheels[0]) as wheel: wheel.extractall(sysconfig.get_path('purelib'))
for name in ('pip', 'pip3', 'pip%d.%d' % sys.version_info[:2]):
    path = os.path.join(os.path.dirname(sys.executable), name)
    with open(path, 'w') as script:
        script.write('#!%s\\nimport sys\\nfrom pip._internal.cli.main import main\\nsys.exit(main())\\n' % sys.executable)
    os.chmod(path, 0o755)
`

export const pythonOf = (folder: string): string => join(folder, 'bin', 'python')

/** Makes an empty virtual environment. Throws `unavailable` with Python's own words. */
export async function createVenv(interpreter: Interpreter, folder: string, options: Options): Promise<void> {
  const result = await run(interpreter.executable, ['-I', '-m', 'venv', '--without-pip', folder], {
    ...options,
    timeoutMs: 120_000,
  })
  if (result.code === 0) return
  throw new HaganeError(
    'unavailable',
    `python ${interpreter.version} could not make a virtual environment: ${result.stderr.trim().split('\n').at(-1) ?? ''}`,
    {
      hint: 'on Debian and Ubuntu: apt install python3-venv',
    },
  )
}

/** Adds the pip that Python brings along; answers whether there is one. Needs no network. */
export async function addBundledPip(folder: string, options: Options): Promise<boolean> {
  const result = await run(pythonOf(folder), ['-I', '-c', ADD_PIP], { ...options, timeoutMs: 120_000 })
  if (result.code !== 0) options.onLine?.('this Python brings no pip: jobs that call pip need it in their environment')
  return result.code === 0
}

const MAX_SCRIPT = 256 * 1024

/** A virtual environment writes its own place into scripts; after this it can be renamed to `destination`. */
export async function readdress(folder: string, destination: string): Promise<void> {
  const scripts = (await readdir(join(folder, 'bin')))
    .filter(name => !/^python[\d.]*$/.test(name))
    .map(name => join(folder, 'bin', name))
  for (const path of [join(folder, 'pyvenv.cfg'), ...scripts]) {
    const info = await stat(path).catch(() => undefined)
    if (info === undefined || !info.isFile() || info.size > MAX_SCRIPT) continue
    const bytes = await readFile(path)
    if (bytes.includes(0) || !bytes.includes(folder)) continue
    // hard-linked from a cache: replaced, not written through
    await rm(path)
    await writeFile(path, bytes.toString('utf8').replaceAll(folder, destination), { mode: info.mode })
  }
}
