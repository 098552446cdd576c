import { execFileSync, spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { StepContainer } from '@hagane/runner'

const PROGRAMS = ['bash', 'sh', 'cat', 'id', 'sleep', 'touch', 'tr', 'seq', 'ls']
const LIBRARIES = 'm.so.6 dl.so.2 pthread.so.0 util.so.1 rt.so.1 ssl.so.3 crypto.so.3 z.so.1 ffi.so.8'.split(' ')
/** Name of the image that importTestImage makes. */
export const TEST_IMAGE = 'localhost/hagane-test:1'

/** The container engine that answers on this machine, if one does; tests of containers are skipped without. */
export const engineHere: 'docker' | 'podman' | undefined = (['docker', 'podman'] as const).find(
  engine =>
    process.platform === 'linux' && spawnSync(engine, ['info'], { stdio: 'ignore', timeout: 20_000 }).status === 0,
)

/** Programs of this machine with the libraries that they load, as an image: there may be no registry to ask. */
export function importTestImage(engine: 'docker' | 'podman'): StepContainer {
  const root = mkdtempSync(join(tmpdir(), 'hg-image-'))
  try {
    for (const folder of ['bin', 'etc', 'tmp', 'usr/bin']) mkdirSync(join(root, folder), { recursive: true })
    for (const name of PROGRAMS) {
      const path = execFileSync('/bin/sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).trim()
      const needed = execFileSync('ldd', [path], { encoding: 'utf8' }).match(/\/\S+/g) ?? []
      copyFileSync(path, join(root, 'bin', name))
      // a Python of this machine that is laid over the image needs the rest of the C library, and what its modules load
      const beside = LIBRARIES.map(name => `lib${name}`)
      const libc = needed.find(library => /\/libc\.so/.test(library)) ?? '/lib/libc.so.6'
      const more = beside.map(library => join(dirname(libc), library)).filter(library => existsSync(library))
      for (const library of [...needed, ...more]) {
        mkdirSync(dirname(join(root, library)), { recursive: true })
        copyFileSync(library, join(root, library))
      }
    }
    const tar = execFileSync('tar', ['-C', root, '-c', '.'], { maxBuffer: 2 ** 28 })
    execFileSync(engine, ['import', '--change', 'ENV FROM_IMAGE=yes', '-', TEST_IMAGE], { input: tar, stdio: 'pipe' })
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
  const image = execFileSync(engine, ['image', 'inspect', '--format', '{{.Id}}', TEST_IMAGE], { encoding: 'utf8' })
  return {
    engine,
    kind: engine,
    rootless: process.getuid?.() !== 0 && engine === 'podman',
    image: image.trim(),
    readOnly: [],
  }
}
