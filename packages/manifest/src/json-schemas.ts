import { z } from 'zod'
import { type ManifestKind, manifestKindNames, manifestKinds } from './kinds.ts'

/** The JSON Schema (draft 2020-12) of what an author may write, for each kind of manifest; editors complete by it. */
export function jsonSchemas(): Record<ManifestKind, object> {
  const schemas = manifestKindNames.map(kind => {
    const schema = z.toJSONSchema(manifestKinds[kind].spec, { io: 'input', unrepresentable: 'any' })
    return [kind, { ...schema, title: `Hagane ${kind}` }]
  })
  return Object.fromEntries(schemas) as Record<ManifestKind, object>
}
