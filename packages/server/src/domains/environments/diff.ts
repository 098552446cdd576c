import type { EnvironmentDiff } from '@hagane/contract'
import type { BlobStore } from '../../kernel/blobs/index.ts'
import { canonicalJson } from '../../kernel/canonical-json.ts'
import type { Asset } from '../assets/index.ts'
import { changesOfLocks } from './lock-changes.ts'
import type { StoredSpec } from './references.ts'
import type { BuildRow } from './service.ts'

type Version = Asset<StoredSpec>

/** What changed from one version to another: properties of the definition, then packages of the locks if both have one. */
export async function diffOf(
  [before, after]: readonly [Version, Version],
  builds: ReadonlyMap<string, BuildRow>,
  blobs: BlobStore,
): Promise<EnvironmentDiff> {
  const lockOf = async ({ spec }: Version): Promise<string | undefined> => {
    const digest = builds.get(spec.defined.digest)?.lock_digest
    return digest == null ? undefined : (await blobs.readAll(digest)).toString('utf8')
  }
  const [was, is] = await Promise.all([lockOf(before), lockOf(after)])
  return {
    before: `${before.name}:${before.version}`,
    after: `${after.name}:${after.version}`,
    definition: definitionChanges(definitionOf(before), definitionOf(after)),
    ...(was === undefined || is === undefined ? {} : { lock: changesOfLocks(was, is) }),
  }
}

/** What makes the environment, without what is said about it. */
function definitionOf({ spec }: Version): Record<string, unknown> {
  const { defined: _f, $schema: _s, name: _n, version: _v, description: _d, tags: _t, properties: _p, ...body } = spec
  return body
}

function definitionChanges(
  before: Record<string, unknown>,
  after: Record<string, unknown>,
): EnvironmentDiff['definition'] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort()
  const text = (value: unknown): string => (value === undefined ? '' : canonicalJson(value))
  return names
    .filter(name => text(before[name]) !== text(after[name]))
    .map(property => ({
      property,
      ...(before[property] === undefined ? {} : { before: before[property] }),
      ...(after[property] === undefined ? {} : { after: after[property] }),
    }))
}
