import { HaganeError } from '@hagane/contract'
import type { Definition } from '../definition/definition.ts'
import type { Interpreter } from '../python/interpreters.ts'
import type { Toolchain } from '../python/toolchain.ts'
import { type LockEntry, lockDigestOf, printLock } from './lock-text.ts'
import { pipResolver } from './pip-resolver.ts'
import { resolveDefinition } from './resolve.ts'
import { uvResolver } from './resolver.ts'

export interface Locked {
  readonly text: string
  /** SHA-256 of the text. */
  readonly digest: string
  readonly packages: number
  readonly deviations: readonly string[]
}

interface LockOptions {
  readonly interpreter: Interpreter
  /** Its version is the one that the author wants. */
  readonly asWanted: boolean
  readonly definitionDigest: string
  /** Asked for only when there is something to resolve. */
  readonly toolchain: () => Promise<Toolchain>
  readonly onLine: (line: string) => void
  readonly signal?: AbortSignal | undefined
}

/** Resolves a definition into a lock: each package with its version and the hashes of its files. See resolveDefinition for errors. */
export async function lockDefinition(definition: Definition, options: LockOptions): Promise<Locked> {
  const { interpreter } = options
  const place = { name: `python ${interpreter.version} on ${interpreter.platform}`, asWanted: options.asWanted }
  const { entries, fromSource, deviations } = await resolveDefinition(definition, place, async question => {
    const { uv, env } = await options.toolchain()
    const common = { env, interpreter, onLine: options.onLine, signal: options.signal }
    return (uv === undefined ? pipResolver(common) : uvResolver({ ...common, uv }))(question)
  })
  const allowed = entries.map(entry => withAllowedHashes(entry, definition))
  const text = printLock({
    python: interpreter.version,
    platform: interpreter.platform,
    definition: options.definitionDigest,
    entries: allowed,
    fromSource,
  })
  return { text, digest: lockDigestOf(text), packages: allowed.length, deviations }
}

/** Digests that the author wrote down win over those of the index. */
function withAllowedHashes(entry: LockEntry, definition: Definition): LockEntry {
  const wanted = definition.hashes?.[entry.name]
  const hashes = wanted === undefined ? entry.hashes : entry.hashes.filter(hash => wanted.includes(hash))
  if (hashes.length > 0) return { ...entry, hashes }
  const message =
    wanted === undefined
      ? `the index gives no SHA-256 for ${entry.name}==${entry.version}`
      : `no file of ${entry.name}==${entry.version} on the index has a SHA-256 that the requirement allows`
  throw new HaganeError('invalid', `the environment cannot be locked: ${message}`, {
    hint:
      wanted === undefined
        ? 'use an index that lists hashes'
        : 'check the --hash lines: the package may have been changed',
    details: [{ property: 'requirements', message, sent: wanted }],
  })
}
