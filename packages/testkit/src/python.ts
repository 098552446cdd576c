import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { access, mkdir, rename, rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { findInterpreters, linkBytecode, openToolchain } from '@hagane/environments'

const run = promisify(execFile)
const MINUTES = 60_000

/**
 * A Python interpreter with these packages, e.g. `pythonWith(['mlflow==3.17.2'])`. The environment is built once, with the product's
 * own tools (uv, or pip), kept in the user's cache folder and used by later runs. Throws where there is no Python or the
 * packages cannot be had.
 */
export async function pythonWith(packages: readonly string[]): Promise<string> {
  const name = createHash('sha256')
    .update([...packages].sort().join('\n'))
    .digest('hex')
    .slice(0, 16)
  const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'hagane-tests')
  const folder = join(cache, `python-${name}`)
  const python = join(folder, 'bin', 'python')
  if (await exists(python)) return python
  await mkdir(cache, { recursive: true })
  const fresh = `${folder}.${process.pid}`
  await rm(fresh, { recursive: true, force: true })
  try {
    await build(fresh, packages)
    // whoever is first wins; an environment is found again by its own path, so it is moved before it is used
    await rename(fresh, folder).catch(async (error: unknown) => {
      if (!(await exists(python))) throw error
    })
  } finally {
    await rm(fresh, { recursive: true, force: true })
  }
  return python
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  )

async function build(folder: string, packages: readonly string[]): Promise<void> {
  const options = { timeout: 10 * MINUTES, maxBuffer: 64 * 2 ** 20 }
  const { PYTHONDONTWRITEBYTECODE: _, ...env } = process.env
  const interpreters = findInterpreters(env)
  const toolchain = await openToolchain({ env, dataDir: folder, interpreters })(() => undefined)
  const python = join(folder, 'bin', 'python')
  await run('python3', ['-m', 'venv', ...(toolchain.uv === undefined ? [] : ['--without-pip']), folder], options)
  if (toolchain.uv === undefined) {
    const pip = ['-m', 'pip', 'install', '--quiet', '--no-compile', '--disable-pip-version-check']
    await run(python, [...pip, ...packages], { ...options, env })
  } else
    await run(toolchain.uv, ['pip', 'install', '--quiet', '--python', python, ...packages], {
      ...options,
      env: toolchain.env,
    })
  // what no environment of the product has compiled yet, Python compiles when it is first imported
  const interpreter = (await interpreters.all()).find(one => one.preferred)
  if (interpreter !== undefined) await linkBytecode(folder, interpreter, toolchain.cacheDir, { env: toolchain.env })
}
