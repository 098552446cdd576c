export type WorkspaceTables = {
  workspaces: {
    name: string
    /** A registry is a workspace that holds assets only, for all the others. */
    kind: 'workspace' | 'registry'
    display_name: string
    description: string | null
    tags: string
    revision: number
    created_at: string
    created_by: string
    modified_at: string
    modified_by: string
  }
}
