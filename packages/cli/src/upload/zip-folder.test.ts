import { spawnSync } from 'node:child_process'
import { readdirSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { folderWith } from '../testing/files.ts'
import { newFolder } from '../testing/run-cli.ts'
import { Includes } from './includes.ts'
import { zipFolder } from './zip-folder.ts'

const files = { 'lib/__init__.py': '', 'lib/a.py': 'value = 42\n', 'lib/sub/日本.txt': 'x'.repeat(5000) }
const python = ['python3', 'python'].find(name => spawnSync(name, ['--version']).status === 0)

it.skipIf(python === undefined)('makes an archive that Python checks, lists and imports from', () => {
  const archive = join(newFolder(), 'lib.zip')
  writeFileSync(archive, zipFolder(join(folderWith(files), 'lib')))
  const program = `
import sys, zipfile
z = zipfile.ZipFile(sys.argv[1])
assert z.testzip() is None
sys.path.insert(0, sys.argv[1])
import lib.a
print(z.namelist(), lib.a.value, len(z.read('lib/sub/日本.txt')))
`
  const ran = spawnSync(python ?? '', ['-c', program, archive], { encoding: 'utf8', env: { PYTHONIOENCODING: 'utf8' } })
  expect(ran.stderr).toBe('')
  expect(ran.stdout).toBe("['lib/__init__.py', 'lib/a.py', 'lib/sub/日本.txt'] 42 5000\n")
})

it('makes the same archive of the same folder, whatever the dates', () => {
  expect(zipFolder(join(folderWith(files), 'lib'))).toEqual(zipFolder(join(folderWith(files), 'lib')))
})

it('stands for <folder>.zip among the includes, and is gone afterwards', () => {
  const folder = folderWith(files)
  const left = () => readdirSync(tmpdir()).filter(name => name.startsWith('hagane-zip-')).length
  const before = left()
  {
    using includes = new Includes([join(folder, 'lib.zip')], 'code')
    expect(includes.files.map(file => file.path)).toEqual(['lib.zip'])
    expect(statSync(includes.files[0]?.file ?? '').size).toBeGreaterThan(0)
  }
  expect(left()).toBe(before)
})
