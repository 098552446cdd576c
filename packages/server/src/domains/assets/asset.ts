import type { Page } from '@hagane/contract'
import type { Tx, Who } from '../../kernel/db/index.ts'
import type { LabelledRow } from './reads.ts'

export type AssetKind = 'data' | 'environment' | 'component'
export type Asset<S> = Omit<LabelledRow, 'spec' | 'tags' | 'properties'> & {
  spec: S
  tags: Record<string, string>
  properties: Record<string, string>
}

export interface NewAsset<S> {
  name: string
  version?: string | undefined
  spec: S
  description?: string | undefined
  tags?: Record<string, string> | undefined
  properties?: Record<string, string> | undefined
  /** SHA-256 of what this version stands for. */
  digest?: string | undefined
  /** What the event says beside name, version and digest. */
  facts?: Record<string, unknown>
}
export interface ListOptions {
  limit: number
  cursor?: string | undefined
  include_archived: boolean
}

/** Immutable `name:version` assets of one kind: versions, labels, archive. Data, environments and components stand on it. */
export interface Assets<S> {
  create(tx: Tx, asset: NewAsset<S>): Promise<Asset<S>>
  /** `version` may be `@label`; throws not_found that says what there is. */
  get(workspace: string, name: string, version: string): Promise<Asset<S>>
  find(workspace: string, name: string, version: string): Promise<Asset<S> | undefined>
  list(workspace: string, options: ListOptions): Promise<Page<Asset<S>>>
  versions(workspace: string, name: string, options: ListOptions): Promise<Page<Asset<S>>>
  update(
    who: Who & { ifMatch?: string | undefined },
    name: string,
    version: string,
    change: AssetChange,
  ): Promise<Asset<S>>
  archive(who: Who, name: string, version: string, archived: boolean): Promise<Asset<S>>
  label(who: Who, name: string, label: string, version: string): Promise<Asset<S>>
}
export interface AssetChange {
  description?: string | undefined
  tags?: Record<string, string> | undefined
  properties?: Record<string, string> | undefined
}
