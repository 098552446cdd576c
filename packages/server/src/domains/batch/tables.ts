import type { Stamps } from '../../kernel/stamps.ts'

/** Tables of migration 0080. JSON is text, times are RFC 3339 text. */
export type BatchTables = {
  batch_endpoints: Stamps & {
    workspace: string
    name: string
    auth_mode: 'key' | 'aad_token' | 'aml_token'
    description: string | null
    tags: string
    properties: string
    default_deployment: string | null
  }
  batch_deployments: Stamps & {
    workspace: string
    endpoint: string
    name: string
    type: 'model' | 'pipeline'
    /** As submitted. */
    spec: string
    revision_id: string
  }
  batch_revisions: {
    revision_id: string
    workspace: string
    endpoint: string
    deployment: string
    /** What the specification was resolved to. */
    facts: string
    created_at: string
    created_by: string
  }
  batch_jobs: {
    workspace: string
    job: string
    endpoint: string
    deployment: string
    revision_id: string
    /** `pr-<revision>-<ulid>`: the beginning of the ids of all its rows. */
    batch_id: string
    created_at: string
  }
}

export type EndpointRow = BatchTables['batch_endpoints']
export type DeploymentRow = BatchTables['batch_deployments']
export type RevisionRow = BatchTables['batch_revisions']
export type BatchJobRow = BatchTables['batch_jobs']
