import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { stage } from './index.ts'
import { freshFolder, freshStore, planOf, runCommand } from './testing/steps.ts'

const hasPython = spawnSync('python3', ['-c', '']).status === 0

/** A wheel by hand (PEP 427): a module that tells its version, and a console script. */
function wheel(folder: string, name: string, version: string): string {
  const path = join(folder, `${name}-${version}-py3-none-any.whl`)
  const info = `${name}-${version}.dist-info`
  const files = {
    [`${name}.py`]: `version = '${version}'\ndef main():\n    import sys; print(sys.prefix)\n`,
    [`${info}/METADATA`]: `Metadata-Version: 2.1\nName: ${name}\nVersion: ${version}\n`,
    [`${info}/WHEEL`]: 'Wheel-Version: 1.0\nGenerator: hand\nRoot-Is-Purelib: true\nTag: py3-none-any\n',
    [`${info}/entry_points.txt`]: `[console_scripts]\n${name}-tool = ${name}:main\n`,
    [`${info}/RECORD`]: '',
  }
  const script =
    'import sys, json, zipfile\nwith zipfile.ZipFile(sys.argv[1], "w") as z:\n  [z.writestr(k, v) for k, v in json.load(sys.stdin).items()]'
  execFileSync('python3', ['-c', script, path], { input: JSON.stringify(files) })
  return path
}

/** A virtual environment without pip, as uv makes them, with one package and its console script in it. */
function baseEnvironment(): string {
  const prefix = join(freshFolder(), 'base env')
  execFileSync('python3', ['-m', 'venv', '--without-pip', prefix])
  const lib = join(prefix, 'lib', readdirSync(join(prefix, 'lib'))[0] ?? '', 'site-packages')
  mkdirSync(join(lib, 'felt-1.0.dist-info'))
  writeFileSync(join(lib, 'felt-1.0.dist-info', 'METADATA'), 'Metadata-Version: 2.1\nName: felt\nVersion: 1.0\n')
  writeFileSync(join(lib, 'felt-1.0.dist-info', 'RECORD'), 'felt.py,,\nfelt-1.0.dist-info/METADATA,,\n')
  writeFileSync(join(lib, 'felt.py'), "version = '1.0'\n")
  const tool = `#!/bin/sh\n'''exec' "${prefix}/bin/python" "$0" "$@"\n' '''\nimport sys, felt; print(sys.prefix, felt.version)\n`
  writeFileSync(join(prefix, 'bin', 'felt-tool'), tool, { mode: 0o755 })
  return prefix
}

describe.skipIf(!hasPython)('a command that installs packages', () => {
  it('gets an environment of its own that sees the base, wins over it and leaves it alone', async () => {
    const prefix = baseEnvironment()
    const wheels = freshFolder()
    const pip = 'pip install -q --no-index --disable-pip-version-check --no-deps'
    const command = [
      `python -c 'import felt; print(felt.version)'`,
      `${pip} ${wheel(wheels, 'felt', '2.0')} ${wheel(wheels, 'extra', '1.0')}`,
      `python -c 'import felt, extra; print(felt.version, extra.version)'`,
      'felt-tool',
      'extra-tool',
      'pip list --format=freeze --disable-pip-version-check | grep -E "felt|extra" | sort',
    ].join(' && ')
    const { log, exit, folder } = await runCommand(command, { python: { prefix }, needsOwnPackages: true })
    const own = join(folder, 'venv')
    expect(log.split('\n')).toEqual(['1.0', '2.0 1.0', own, own, 'extra==1.0', 'felt==2.0', ''])
    expect(exit.code).toBe(0)
    const again = await runCommand('python -c "import felt; print(felt.version)"; felt-tool', { python: { prefix } })
    expect(again.log).toBe(`1.0\n${prefix} 1.0\n`)
  })

  it('without an environment uses the Python of the machine, and its own packages stay private', async () => {
    const path = wheel(freshFolder(), 'lonely', '3.1')
    const command = `pip install -q --no-index --disable-pip-version-check ${path} && python3 -c 'import lonely; print(lonely.version)'`
    const { log } = await runCommand(command, { needsOwnPackages: true })
    expect(log).toBe('3.1\n')
    expect((await runCommand("python3 -c 'import lonely'")).exit.code).toBe(1)
  })

  it('starts console scripts of the base with the private Python', async () => {
    const prefix = baseEnvironment()
    const { log, folder } = await runCommand('felt-tool', { python: { prefix }, needsOwnPackages: true })
    expect(log).toBe(`${join(folder, 'venv')} 1.0\n`)
    expect(readFileSync(join(prefix, 'bin', 'felt-tool'), 'utf8')).toContain(`${prefix}/bin/python`)
  })
})

it('a command that installs packages where there is no Python is refused', async () => {
  const prefix = join(freshFolder(), 'nothing')
  const work = stage(planOf('pip install x', { python: { prefix }, needsOwnPackages: true }), freshStore())
  await expect(work).rejects.toMatchObject({ kind: 'unsupported', message: expect.stringContaining(prefix) })
  expect(existsSync(prefix)).toBe(false)
})
