/**
 * Are the bundles newer than their sources? Path, size and time of every source are hashed, not their content: some
 * hundred `stat` calls are done in ten milliseconds, so each command can afford to ask. Plain JavaScript for Node 20.
 */
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const stampOf = root => join(root, 'node_modules', '.hagane-build')

const isSource = name => !name.endsWith('.test.ts')

function* filesBelow(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) yield* filesBelow(path)
    else if (entry.isFile() && isSource(entry.name)) yield path
  }
}

function* inputs(root) {
  yield join(root, 'package-lock.json')
  yield join(root, 'tools', 'build.ts')
  const packages = join(root, 'packages')
  for (const name of existsSync(packages) ? readdirSync(packages).sort() : []) {
    const source = join(packages, name, 'src')
    if (existsSync(source)) yield* filesBelow(source)
  }
  const schemas = join(packages, 'manifest', 'schemas')
  if (existsSync(schemas)) for (const name of readdirSync(schemas).sort()) yield join(schemas, name)
  for (const name of ['worker', 'sweep']) {
    const python = join(packages, 'python', name)
    if (existsSync(python)) for (const path of filesBelow(python)) if (path.endsWith('.py')) yield path
  }
}

/** One digest over the state of everything the bundles are made of. */
export function sourceFingerprint(root) {
  const hash = createHash('sha256')
  for (const path of inputs(root)) {
    const { size, mtimeMs } = statSync(path)
    hash.update(`${path.slice(root.length)}\0${size}\0${mtimeMs}\n`)
  }
  return hash.digest('hex')
}

/** True when the last build saw these very sources and its files are still there. */
export function bundlesAreFresh(root) {
  const stamp = stampOf(root)
  if (!existsSync(stamp)) return false
  const { fingerprint, outputs } = JSON.parse(readFileSync(stamp, 'utf8'))
  return fingerprint === sourceFingerprint(root) && outputs.every(path => existsSync(join(root, path)))
}

/** Notes a finished build. `fingerprint` is taken before the build, so an edit during it is seen by the next command. */
export function writeBuildStamp(root, fingerprint, outputs) {
  writeFileSync(stampOf(root), JSON.stringify({ fingerprint, outputs }))
}
