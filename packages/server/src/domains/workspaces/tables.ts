import type { Stamps } from '../../kernel/stamps.ts'

export type WorkspaceTables = {
  workspaces: Stamps & {
    name: string
    /** A registry is a workspace that holds assets only, for all the others. */
    kind: 'workspace' | 'registry'
    display_name: string
    description: string | null
    tags: string
  }
}
