/**
 * The lock file installs everywhere, and what it installs is named exactly. Reasons: npm writes a lock without the
 * packages of other platforms when it cannot see them, and `npm ci` then fails on a fresh machine though it works here;
 * and a range in a package.json lets two packages of this tree drift apart.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path/posix'
import type { Finding } from './finding.ts'
import type { Tree } from './source-tree.ts'

interface Manifest {
  readonly version?: string
  readonly resolved?: string
  readonly bin?: Readonly<Record<string, string>>
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

type Locked = Readonly<Record<string, Manifest>>

const lockPath = 'package-lock.json'

/** Node's way up: the folder's own node_modules, then that of each folder above. */
function isLocked(packages: Locked, from: string, name: string): boolean {
  for (let at = from; ; at = at.includes('/') ? at.slice(0, at.lastIndexOf('/')) : '') {
    if (packages[join(at, 'node_modules', name)] !== undefined) return true
    if (at === '') return false
  }
}

function missingPlatforms(packages: Locked): Finding[] {
  return Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies)
      .filter(name => !isLocked(packages, path, name))
      .map(name => ({
        file: lockPath,
        problem: `${path.replace('node_modules/', '') || 'the root'} lists ${name}, which is not locked: npm ci fails`,
        fix: 'choose a version that is published for every platform, delete package-lock.json and write it again in a copy of the tree without node_modules: `npm install --package-lock-only`',
      })),
  )
}

function namedHosts(packages: Locked): Finding[] {
  return Object.entries(packages)
    .filter(([, { resolved }]) => resolved !== undefined && /^[a-z+]+:\/\//.test(resolved))
    .map(([path, { resolved }]) => ({
      file: lockPath,
      problem: `${path} is bound to ${resolved}`,
      fix: 'run `npm install --package-lock-only` in this folder: its .npmrc leaves hosts out',
    }))
}

const withoutDot = (bin: Manifest['bin'] = {}): Manifest['bin'] =>
  Object.fromEntries(Object.entries(bin).map(([name, path]) => [name, path.replace(/^\.\//, '')]))

/** `npm ci` links the executables that the lock names, and does not look whether package.json says more. */
function forgottenBins(file: string, { bin }: Manifest, packages: Locked): Finding[] {
  const locked = packages[file.replace(/\/?package\.json$/, '')]
  if (JSON.stringify(withoutDot(bin)) === JSON.stringify(withoutDot(locked?.bin))) return []
  return [
    {
      file: lockPath,
      problem: `does not know the executables of ${file}: npm ci will not link them`,
      fix: 'run `npm install --package-lock-only`',
    },
  ]
}

const isExact = (range: string): boolean => /^(?:\d+\.\d+\.\d+(?:-[\w.]+)?|\*)$/.test(range)

function looseRanges(file: string, { dependencies, devDependencies, optionalDependencies }: Manifest): Finding[] {
  return Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies })
    .filter(([, range]) => !isExact(range))
    .map(([name, range]) => ({ file, problem: `${name} is '${range}'`, fix: 'name one version: npm install -E' }))
}

const readJson = (path: string): Manifest => JSON.parse(readFileSync(path, 'utf8')) as Manifest

const ownManifest = /^(?:packages\/[^/]+\/)?package\.json$/

export function checkLock(tree: Tree): Finding[] {
  if (!existsSync(join(tree.root, lockPath))) return []
  const { packages } = readJson(join(tree.root, lockPath)) as { packages: Locked }
  const manifests = tree.files
    .filter(path => ownManifest.test(path))
    .map(file => ({ file, manifest: readJson(join(tree.root, file)) }))
  const release = packages['']?.version
  return [
    ...missingPlatforms(packages),
    ...namedHosts(packages),
    ...manifests.flatMap(({ file, manifest }) => looseRanges(file, manifest)),
    ...manifests.flatMap(({ file, manifest }) => forgottenBins(file, manifest, packages)),
    ...manifests
      .filter(({ manifest }) => manifest.version !== release)
      .map(({ file, manifest }) => ({
        file,
        problem: `has version ${manifest.version}, the lock file has ${release}`,
        fix: 'all packages carry the version of the release: `npm version <version> --workspaces --include-workspace-root`',
      })),
  ]
}
