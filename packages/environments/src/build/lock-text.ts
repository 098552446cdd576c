import { createHash } from 'node:crypto'
import { HaganeError } from '@hagane/contract'

export interface LockEntry {
  readonly name: string
  readonly version: string
  /** SHA-256 digests of every file of this version that may be installed. */
  readonly hashes: readonly string[]
}

export interface Lock {
  /** Full version of the interpreter, e.g. `3.10.13`. */
  readonly python: string
  readonly platform: string
  /** SHA-256 of the definition that was locked. */
  readonly definition: string
  readonly entries: readonly LockEntry[]
  /** Packages that have no wheel and are built on installation. */
  readonly fromSource: readonly string[]
}

const HEADER = '# hagane environment lock 1'

/** The lock as a requirements file that pip and uv install with `--require-hashes`. Equal locks are equal texts; no index is named. */
export function printLock(lock: Lock): string {
  const head = [
    HEADER,
    `# python ${lock.python}`,
    `# platform ${lock.platform}`,
    `# definition ${lock.definition}`,
    ...[...lock.fromSource].sort().map(name => `# source ${name}`),
  ]
  const entries = lock.entries
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, version, hashes }) =>
      [`${name}==${version}`, ...[...hashes].sort().map(hash => `    --hash=sha256:${hash}`)].join(' \\\n'),
    )
  return `${[...head, ...entries].join('\n')}\n`
}

/** Reads what printLock wrote. Throws `invalid` on any other text. */
export function parseLock(text: string): Lock {
  const fact = (name: string): string => {
    const value = new RegExp(`^# ${name} (\\S+)$`, 'm').exec(text)?.[1]
    if (value === undefined) throw new HaganeError('invalid', `not an environment lock: it has no '# ${name}' line`)
    return value
  }
  return {
    python: fact('python'),
    platform: fact('platform'),
    definition: fact('definition'),
    fromSource: [...text.matchAll(/^# source (\S+)$/gm)].map(match => match[1] as string),
    entries: readEntries(text),
  }
}

/** The `name==version` entries with their hashes, of a lock or of what `uv pip compile --generate-hashes` prints. */
export function readEntries(text: string): LockEntry[] {
  const entries: { name: string; version: string; hashes: string[] }[] = []
  for (const line of text.split('\n')) {
    const [, name, version] = /^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s\\;]+)/.exec(line) ?? []
    if (name !== undefined && version !== undefined) entries.push({ name, version, hashes: [] })
    const hash = /^\s+--hash=sha256:([0-9a-f]{64})/.exec(line)?.[1]
    if (hash !== undefined) entries.at(-1)?.hashes.push(hash)
  }
  return entries
}

export const lockDigestOf = (text: string): string => createHash('sha256').update(text).digest('hex')
