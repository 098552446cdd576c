export type AssetTables = {
  assets: {
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
    revision: number
    created_at: string
    created_by: string
    modified_at: string
    modified_by: string
  }
  asset_labels: { workspace: string; kind: string; name: string; label: string; version: string }
}
