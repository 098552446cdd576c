export type WorkspaceTables = {
  workspaces: {
    name: string
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
