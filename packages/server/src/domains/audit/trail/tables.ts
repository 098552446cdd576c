/** Tables of migration 0098. */
export type MentionTables = {
  /** Which events tell of a thing that is not their subject; `thing` has the form of a subject. */
  event_mentions: { workspace: string; thing: string; seq: number }
}
