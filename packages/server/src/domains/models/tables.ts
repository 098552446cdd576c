import type { Generated } from 'kysely'
import type { Database, Tx } from '../../kernel/db/index.ts'

/** Tables of migration 0021. Times are epoch milliseconds, as in MLflow; JSON is text. */
export type ModelTables = {
  registered_models: {
    workspace: string
    name: string
    description: string | null
    /** 1 for an MLflow prompt, which is a registered model with a tag. */
    is_prompt: number
    /** Highest number ever given to a version; numbers are never used again. */
    last_version: number
    creation_timestamp: number
    last_updated_timestamp: number
    created_by: string
  }
  registered_model_tags: { workspace: string; name: string; key: string; value: string }
  model_versions: {
    /** Short key, growing with every version that is made. */
    version_no: Generated<number>
    workspace: string
    name: string
    version: string
    /** The version as a number, for MLflow; null for Azure ML's free texts. */
    version_number: number | null
    type: string
    source: string
    /** Where the source led to when it named another model; else the source. */
    storage_location: string
    /** Snapshot of the files; null until they could be read for the first time. */
    tree: string | null
    /** Empty for a folder; the file's name when the version is one file. */
    path: string
    size: number | null
    file_count: number | null
    run_id: string | null
    run_link: string | null
    model_id: string | null
    job_name: string | null
    description: string | null
    stage: string
    flavors: string | null
    properties: string
    archived: number
    revision: number
    creation_timestamp: number
    last_updated_timestamp: number
    created_by: string
    modified_by: string
  }
  model_version_tags: { version_no: number; key: string; value: string }
  model_aliases: { workspace: string; name: string; alias: string; version: string }
}

/** The connection that lists and screens read from. */
export const readsOf = (db: Database) => db.reads.withTables<ModelTables>()
export type ModelReads = ReturnType<typeof readsOf>

/** The transaction in progress, seen with these tables. */
export const writesOf = (tx: Tx) => tx.db.withTables<ModelTables>()
