/** The kernel's own tables. A domain adds its own with `db.withTables<DomainTables>()`. */
export interface KernelTables {
  events: {
    seq: number
    id: string
    time: string
    workspace: string
    actor: string
    type: string
    subject: string
    data: string
    prev_hash: string
    hash: string
  }
  /** One row: the end of the chain, so that a cut-off tail is noticed. */
  event_head: { one: number; seq: number; hash: string }
  /** Which events belong to a chain of steps; the event that began it is found by its id. */
  event_correlations: { workspace: string; correlation: string; seq: number }
  consumers: { name: string; cursor: number }
  tasks: {
    id: string
    kind: string
    subject: string
    workspace: string
    actor: string
    payload: string
    state: string
    priority: number
    run_after: number
    attempts: number
    max_attempts: number
    fence: number
    lease_owner: string | null
    lease_until: number | null
    error: string | null
    created_at: string
    /** kind, priority, queue and share, as lane.ts writes them */
    lane: string
    cores: number
    memory_mb: number
  }
  idempotency: {
    workspace: string
    actor: string
    operation: string
    key: string
    request_hash: string
    response: string | null
    created_at: string
  }
}
