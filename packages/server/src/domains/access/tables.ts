export type AccessTables = {
  tokens: {
    id: string
    name: string
    /** SHA-256 of the secret. */
    hash: string
    role: string
    workspace: string | null
    actor: string
    created_at: string
    created_by: string
    expires_at: string | null
    revoked: number
    /** The chain of steps that its holder, a job, belongs to. */
    correlation: string | null
  }
}
