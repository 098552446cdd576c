import type { Stamps } from '../../kernel/stamps.ts'

export type AssetTables = {
  assets: Stamps & {
    workspace: string
    kind: string
    name: string
    version: string
    /** Order of creation over all assets; the newest is `@latest`. */
    created_seq: number
    spec: string
    description: string | null
    tags: string
    properties: string
    digest: string | null
    archived: number
  }
  asset_labels: { workspace: string; kind: string; name: string; label: string; version: string }
}
