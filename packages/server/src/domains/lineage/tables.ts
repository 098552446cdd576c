export type LineageTables = {
  lineage_nodes: { workspace: string; id: string; kind: string; name: string; facts: string }
  /** `from_id` depends on `to_id`. */
  lineage_edges: {
    workspace: string
    from_id: string
    to_id: string
    relation: string
    actor: string
    time: string
    seq: number
  }
}
