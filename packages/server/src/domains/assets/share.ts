import { HaganeError, type Permission, parseReference, type ShareTarget } from '@hagane/contract'
import type { Tx, Who } from '../../kernel/db/index.ts'
import type { BaseCall } from '../../kernel/http/index.ts'
import type { Asset, Assets } from './asset.ts'

/** Throws not_found on a name that is not a registry's. */
export type RequireRegistry = (name: string) => Promise<void>

/** Where a version that is in a registry came from; its creation event says so. */
export interface SharedFrom {
  workspace: string
  name: string
  version: string
  [fact: string]: unknown
}

/** On whose behalf something is written into a registry. Throws not_found, or forbidden without the right to write there. */
export async function writerIn(
  requireRegistry: RequireRegistry,
  call: BaseCall,
  permission: Permission,
  registry: string,
): Promise<Who> {
  await requireRegistry(registry)
  if (!call.caller.can(permission, registry))
    throw new HaganeError(
      'forbidden',
      `${call.actor} may not share with registry ${registry}: it needs the permission ${permission} there`,
      { hint: 'ask an administrator for a token that is not confined to another workspace' },
    )
  return { actor: call.actor, workspace: registry }
}

/**
 * Makes a version of one workspace a version of a registry, under the same name and number unless told otherwise. Content is
 * shared by digest, so nothing is copied. The same again changes nothing; another content under a taken version is a conflict.
 */
export function adopt<S extends object>(
  assets: Assets<S>,
  tx: Tx,
  asset: Asset<S>,
  target: ShareTarget,
  facts: Record<string, unknown>,
): Promise<Asset<S>> {
  const { name = asset.name, version = asset.version } = target
  const from: SharedFrom = { workspace: asset.workspace, name: asset.name, version: asset.version }
  const { description, digest } = asset
  return assets.create(tx, {
    name,
    version,
    spec: { ...asset.spec, ...('name' in asset.spec ? { name } : {}), ...('version' in asset.spec ? { version } : {}) },
    ...(description === null ? {} : { description }),
    tags: asset.tags,
    properties: asset.properties,
    ...(digest === null ? {} : { digest }),
    facts: { ...facts, shared_from: from },
  })
}

/**
 * Name and version or `@label` of a reference into a registry, checked to be of this kind; undefined for a reference of another
 * form. Throws not_found when there is no such registry, invalid when it names another kind of asset.
 */
export async function inRegistry(
  requireRegistry: RequireRegistry,
  text: string,
  kind: 'models' | 'data' | 'components' | 'environments',
): Promise<{ registry: string; name: string; version: string } | undefined> {
  const reference = parseReference(text)
  if (reference.form !== 'registry') return undefined
  if (reference.kind !== kind)
    throw new HaganeError('invalid', `'${text}' names ${reference.kind}, not ${kind}`, {
      details: [{ message: 'another kind of asset', sent: reference.kind, allowed: kind }],
    })
  await requireRegistry(reference.registry)
  const { registry, name, version, label } = reference
  return { registry, name, version: version ?? `@${label ?? 'latest'}` }
}
