import { execFileSync } from 'node:child_process'
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findInterpreters } from './interpreters.ts'

let folder = ''
let home = ''
const script = async (path: string, body: string) => {
  await mkdir(join(path, '..'), { recursive: true })
  await writeFile(path, `#!/bin/sh\n${body}\n`)
  await chmod(path, 0o755)
}
/** Answers like a Python of that version. */
const python = (path: string, version: string, prefix: string) =>
  script(
    path,
    `echo '{"executable":"${path}","version":"${version}","prefix":"${prefix}","platform":"linux-x86_64","magic":"00"}'`,
  )

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hagane-python-'))
  home = join(folder, 'home')
  await mkdir(home)
})
afterAll(() => rm(folder, { recursive: true, force: true }))

describe('the Pythons of a machine', () => {
  it('are found on the PATH, of pyenv, uv and conda, each installation once', async () => {
    const bin = join(folder, 'bin')
    await python(join(bin, 'python3'), '3.11.2', '/usr')
    await python(join(bin, 'python3.12'), '3.12.1', '/opt/twelve')
    await symlink(bin, join(folder, 'bin2'))
    await python(join(home, '.pyenv/versions/3.8.18/bin/python'), '3.8.18', '/pyenv/3.8')
    await python(join(home, '.local/share/uv/python/cpython-3.13/bin/python'), '3.13.0', '/uv/3.13')
    await python(join(home, 'miniforge3/envs/old/bin/python'), '3.7.16', '/conda/old')
    await python(join(folder, 'elsewhere/bin/python'), '3.6.15', '/conda/elsewhere')
    await mkdir(join(home, '.conda'))
    await writeFile(join(home, '.conda/environments.txt'), `${join(folder, 'elsewhere')}\n`)
    const found = await findInterpreters({ HOME: home, PATH: `${bin}:${join(folder, 'bin2')}:/bin` }).all()
    const mine = found.filter(interpreter => interpreter.executable.startsWith(folder))
    expect(mine.map(interpreter => interpreter.version).sort()).toEqual([
      '3.11.2',
      '3.12.1',
      '3.13.0',
      '3.6.15',
      '3.7.16',
      '3.8.18',
    ])
    expect(found.filter(interpreter => interpreter.preferred).map(interpreter => interpreter.version)).toEqual([
      '3.11.2',
    ])
  })

  it('leave out what fails, hangs on its input, or is no Python', async () => {
    const bin = join(folder, 'odd')
    await script(join(bin, 'python3'), 'exit 127')
    await script(join(bin, 'python3.9'), 'echo hello')
    await script(join(bin, 'python3.10'), 'cat; exit 1')
    expect(await findInterpreters({ HOME: join(folder, 'nobody'), PATH: bin }).all()).toEqual([])
  })

  it('are looked for again on request', async () => {
    const bin = join(folder, 'later')
    const interpreters = findInterpreters({ HOME: join(folder, 'nobody'), PATH: bin })
    expect(await interpreters.all()).toEqual([])
    await python(join(bin, 'python3'), '3.11.2', '/late')
    expect(await interpreters.all()).toEqual([])
    expect(await interpreters.refresh()).toHaveLength(1)
  })

  it('are base installations: a virtual environment on the PATH stands for the Python that it was made of', async () => {
    const venv = join(folder, 'venv')
    execFileSync('python3', ['-m', 'venv', '--without-pip', venv])
    const [found] = await findInterpreters({ HOME: join(folder, 'nobody'), PATH: join(venv, 'bin') }).all()
    expect(found?.executable.startsWith(venv)).toBe(false)
    expect(found?.magic).toMatch(/^[0-9a-f]{8}$/)
    const told = execFileSync(found?.executable ?? '', ['-c', 'import platform; print(platform.python_version())'], {
      encoding: 'utf8',
    })
    expect(told.trim()).toBe(found?.version)
  })
})
