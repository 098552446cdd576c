/** Tables of migration 0096. */
export type AuditTables = {
  /** Roots of whole subtrees over the hashes of events: number `idx` of 2^level events. Levels are 8, 16 and 24. */
  audit_tiles: { level: number; idx: number; hash: string }
}
