/** Tables of migration 0085. Times are RFC 3339 text. */
export type CollectionTables = {
  /** Parquet files of what was collected. A row outlives its file: the digest stays proof of what it held. */
  collected_files: {
    workspace: string
    /** Below the datastore that holds everything collected. */
    path: string
    endpoint: string
    /** null: feedback, which is about an endpoint. */
    deployment: string | null
    revision: string | null
    collection: string
    hour: string
    /** What it was made of: a capture file, or the digest of what a feedback said. */
    source: string
    records: number
    size: number
    digest: string
    created_at: string
    expired_at: string | null
  }
  /** Capture files that were turned into tables, also those that held nothing. */
  converted_captures: { capture: string; converted_at: string }
}

export type CollectedFileRow = CollectionTables['collected_files']
