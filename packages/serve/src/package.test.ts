import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { readPackage } from './package.ts'
import { findServable } from './target.ts'
import { packageFiles, sha256 } from './testing/package-files.ts'

const root = mkdtempSync(join(tmpdir(), 'hagane-package-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

const lock = '# hagane environment lock 1\n# python 3.12.4\n# platform linux-x86_64\n# definition d\n'
const content = { 'code/main.py': 'def run(x): ...', 'model/weights.bin': 'w', 'environment.lock': lock }

/** A whole package, and what a stranger does to it. */
function packageWith(change: Record<string, string | undefined> = {}, more: object = {}): string {
  const folder = mkdtempSync(join(root, 'p-'))
  const environment = { lock: 'environment.lock', lock_digest: sha256(lock), python: '3.12.4' }
  const files: Record<string, string | undefined> = { ...packageFiles(content, { environment, ...more }), ...change }
  for (const [path, text] of Object.entries(files)) {
    if (text === undefined) continue
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
  return folder
}

it('a whole package is read, also when Python has cached its code', async () => {
  const { manifest, lock: text } = await readPackage(packageWith({ 'code/__pycache__/main.cpython-312.pyc': 'x' }))
  expect([manifest.model.name, text]).toEqual(['w', lock])
})

it.each<[string, string, string]>([
  ['a module added to the code', packageWith({ 'code/json.py': 'x' }), 'code/json.py was added to the package'],
  ['a file added to the model', packageWith({ 'model/more/x': 'x' }), 'model/more/x was added to the package'],
  ['no lock', packageWith({ 'environment.lock': undefined }), 'environment.lock of the package is missing'],
  [
    'a lock that is not the one of the manifest',
    packageWith({}, { environment: { lock: 'environment.lock', lock_digest: sha256('other'), python: '3.12.4' } }),
    'environment.lock of the package is another file',
  ],
  [
    'a folder where a file was',
    packageWith({ 'model/weights.bin': undefined, 'model/weights.bin/x': 'x' }),
    'weights.bin cannot be read: it is a folder',
  ],
  [
    'a manifest that is cut short',
    packageWith({ 'hagane-package.json': '{"format": 1,' }),
    'hagane-package.json is not JSON',
  ],
  ['a manifest that leads out', packageWith({}, { files: { '../../etc/passwd': sha256('') } }), 'files'],
])('%s is refused by name', async (_, folder, message) => {
  await expect(findServable(folder)).rejects.toThrow(message)
})

it('files that cannot be read are named, those of the environment when it is wanted', async () => {
  const folder = mkdtempSync(join(root, 'm-'))
  writeFileSync(join(folder, 'score.py'), '')
  const requirements = join(folder, 'requirements.txt')
  mkdirSync(requirements)
  const { environment } = await findServable(folder)
  await expect(environment?.()).rejects.toThrow(`${requirements} cannot be read: it is a folder`)
  await expect(findServable(join(folder, 'score.py', 'x'))).rejects.toThrow('there is nothing at')
  await expect(findServable(join(folder, 'x'.repeat(300)))).rejects.toThrow(/cannot be read: ENAMETOOLONG/)
  await expect(findServable('/dev/null')).rejects.toThrow('/dev/null is neither a file nor a folder')
})
