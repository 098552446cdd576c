import type { Generated } from 'kysely'
import type { Database, Tx } from '../../kernel/db/index.ts'

/** Tables of migration 0020. Times are epoch milliseconds, as in MLflow; JSON is text. */
export type TrackingTables = {
  experiments: {
    experiment_id: Generated<number>
    workspace: string
    name: string
    artifact_location: string
    /** `active` or `deleted` */
    lifecycle_stage: string
    creation_time: number
    last_update_time: number
    created_by: string
  }
  experiment_tags: { experiment_id: number; key: string; value: string }
  runs: {
    /** Short key that the large tables use. */
    run_no: Generated<number>
    run_id: string
    workspace: string
    experiment_id: number
    run_name: string
    user_id: string
    status: string
    start_time: number
    end_time: number | null
    lifecycle_stage: string
    deleted_time: number | null
    artifact_uri: string
    created_by: string
    /** Seal of params, tags and metrics at the end of the run; what is logged after it is an event. */
    seal: string | null
  }
  params: { run_no: number; key: string; value: string }
  tags: { run_no: number; key: string; value: string }
  /** The latest value of each metric, for search. NULL is NaN. */
  latest_metrics: {
    run_no: number
    key: string
    experiment_id: number
    value: number | null
    step: number
    timestamp: number
  }
  /** Points as they were logged; see metrics/segments.ts. */
  metric_segments: { segment_id: Generated<number>; run_no: number; points: number; data: Uint8Array }
  /** Segments whose points are not in latest_metrics yet. */
  metric_tail: { segment_id: number; run_no: number }
  /** Data sets that runs read, by (experiment, name, digest). */
  datasets: {
    dataset_no: Generated<number>
    experiment_id: number
    name: string
    digest: string
    source_type: string
    source: string
    schema: string | null
    profile: string | null
  }
  run_datasets: { run_no: number; dataset_no: number; position: number; context: string | null; tags: string }
  /** Models that a run read (`input`) or made (`output`). */
  run_models: { run_no: number; direction: string; model_id: string; step: number }
  logged_models: {
    model_id: string
    workspace: string
    experiment_id: number
    name: string
    model_type: string | null
    source_run_id: string | null
    status: string
    status_message: string | null
    artifact_uri: string
    lifecycle_stage: string
    creation_timestamp: number
    last_updated_timestamp: number
    created_by: string
  }
  logged_model_params: { model_id: string; key: string; value: string }
  logged_model_tags: { model_id: string; key: string; value: string }
  logged_model_metrics: {
    model_id: string
    key: string
    run_id: string
    dataset_name: string
    dataset_digest: string
    value: number | null
    step: number
    timestamp: number
  }
  /** Files below `<experiment>/<run>/artifacts/…` and whatever else clients put; the bytes are blobs. */
  artifact_files: {
    workspace: string
    path: string
    digest: string
    size: number
    modified_at: number
    modified_by: string
  }
}

/** The connection that lists and screens read from. */
export const readsOf = (db: Database) => db.reads.withTables<TrackingTables>()
export type TrackingReads = ReturnType<typeof readsOf>

/** The transaction in progress, seen with these tables. */
export const writesOf = (tx: Tx) => tx.db.withTables<TrackingTables>()
