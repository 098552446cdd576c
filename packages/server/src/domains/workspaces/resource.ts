import type { RegistrySpec } from '@hagane/contract'
import { creationContextOf } from '../../kernel/stamps.ts'
import type { WorkspaceRow } from './store.ts'

/** What a new workspace or registry keeps of its specification. */
export function valuesOf(
  kind: WorkspaceRow['kind'],
  { name, display_name, description, tags }: Pick<RegistrySpec, 'name' | 'display_name' | 'description' | 'tags'>,
) {
  return {
    name,
    kind,
    display_name: display_name ?? name,
    description: description ?? null,
    tags: JSON.stringify(tags ?? {}),
  }
}

/** What workspaces and registries show alike. */
export const fieldsOf = (row: WorkspaceRow) => ({
  name: row.name,
  display_name: row.display_name,
  ...(row.description === null ? {} : { description: row.description }),
  tags: JSON.parse(row.tags) as Record<string, string>,
  etag: String(row.revision),
  creation_context: creationContextOf(row),
})
