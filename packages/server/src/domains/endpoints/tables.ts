import type { Stamps } from '../../kernel/stamps.ts'

/** Tables of migration 0040. JSON is text, times are RFC 3339 text, flags are 0 or 1. */
export type EndpointTables = {
  online_endpoints: Stamps & {
    workspace: string
    name: string
    auth_mode: 'key' | 'aad_token' | 'aml_token'
    description: string | null
    tags: string
    properties: string
    identity: string | null
    compute: string | null
    public_network_access: 'enabled' | 'disabled'
    traffic: string
    mirror_traffic: string
    /** Sealed with the server's secret. */
    primary_key: string
    secondary_key: string
    /** SHA-256 of both keys, the only form the gateway gets. */
    key_hashes: string
    /** `[{ sha256, expires_at }]` of tokens that were given out and have not expired. */
    tokens: string
  }
  online_deployments: Stamps & {
    workspace: string
    endpoint: string
    name: string
    /** As submitted, references resolved or not. */
    spec: string
    state: 'Creating' | 'Updating' | 'Succeeded' | 'Failed'
    /** The request that is not in the routing table yet, or never came there; empty once it is. Work for another one is dropped. */
    operation: string
    /** Give it all traffic once it serves. */
    all_traffic: number
    revision_id: string | null
    /** What the gateway is told, once everything is there. */
    entry: string | null
    error: string | null
    /** The gateway's last report. */
    serving: string | null
  }
  deployment_revisions: {
    revision_id: string
    workspace: string
    endpoint: string
    deployment: string
    facts: string
    created_at: string
    created_by: string
  }
  sealed_predictions: { revision_id: string; segment: string; digest: string; records: number; sealed_at: string }
}

export type EndpointRow = EndpointTables['online_endpoints']
export type DeploymentRow = EndpointTables['online_deployments']
export type RevisionRow = EndpointTables['deployment_revisions']
