export type ComputeTables = {
  compute: {
    workspace: string
    name: string
    type: string
    spec: string
    created_at: string
    created_by: string
    modified_at: string
    modified_by: string
  }
}
