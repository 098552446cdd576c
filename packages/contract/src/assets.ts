import { z } from 'zod'
import { labelSchema, nameSchema, tagsSchema, timeSchema, versionSchema } from './core/names.ts'
import { pageOf, pageQuery } from './core/page.ts'
import { type Permission, route } from './core/route.ts'

export const creationContext = z.object({
  created_at: timeSchema,
  created_by: z.string(),
  last_modified_at: timeSchema,
  last_modified_by: z.string(),
})

/** Fields every versioned asset answers with, beside its own specification. */
export const assetFields = {
  id: z.string().describe('azureml:<name>:<version>'),
  name: nameSchema,
  version: z.string(),
  description: z.string().optional(),
  tags: z.record(z.string(), z.string()),
  properties: z.record(z.string(), z.string()),
  labels: z.array(z.string()).describe('labels that point at this version; "latest" is the most recently created'),
  archived: z.boolean(),
  digest: z.string().optional().describe('SHA-256 of the content that this version stands for'),
  etag: z.string(),
  creation_context: creationContext,
}

/** Fields every asset specification may carry. */
export const assetSpecFields = {
  $schema: z.string().optional(),
  name: nameSchema.optional(),
  version: versionSchema.optional(),
  description: z.string().optional(),
  tags: tagsSchema.optional(),
  properties: tagsSchema.optional(),
}

const versionParams = z.object({
  name: nameSchema,
  version: z.string().min(1).max(300).describe('a version, or @label'),
})
const listQuery = z.object({ ...pageQuery, include_archived: z.stringbool().default(false) })
export const assetUpdate = z.strictObject({
  description: z.string().optional(),
  tags: tagsSchema.optional(),
  properties: tagsSchema.optional(),
})

/** The eight routes that data, environment, component and model assets share. */
export function assetRoutes<const N extends string, S extends z.ZodType, A extends z.ZodType>(
  noun: { plural: N; singular: string; read: Permission; write: Permission },
  spec: S,
  asset: A,
) {
  const base = `/api/v1/${noun.plural}` as const
  const id = <const V extends string>(verb: V) => `${noun.plural}.${verb}` as const
  const summary = (text: string) => text.replace('{}', noun.singular)
  return {
    create: route({
      operationId: id('create'),
      method: 'POST',
      path: base,
      permission: noun.write,
      summary: summary('Create a version of a {} asset'),
      body: spec,
      response: asset,
      status: 201,
      idempotent: true,
    }),
    list: route({
      operationId: id('list'),
      method: 'GET',
      path: base,
      permission: noun.read,
      summary: summary('List {} assets, the newest version of each'),
      query: listQuery,
      response: pageOf(asset),
    }),
    versions: route({
      operationId: id('versions'),
      method: 'GET',
      path: `${base}/:name/versions`,
      permission: noun.read,
      summary: summary('List the versions of a {}'),
      params: z.object({ name: nameSchema }),
      query: listQuery,
      response: pageOf(asset),
    }),
    show: route({
      operationId: id('show'),
      method: 'GET',
      path: `${base}/:name/versions/:version`,
      permission: noun.read,
      summary: summary('Show a version of a {}, by number or @label'),
      params: versionParams,
      response: asset,
    }),
    update: route({
      operationId: id('update'),
      method: 'PATCH',
      path: `${base}/:name/versions/:version`,
      permission: noun.write,
      summary: summary('Change description, tags or properties of a {} version'),
      params: versionParams,
      body: assetUpdate,
      response: asset,
    }),
    archive: route({
      operationId: id('archive'),
      method: 'POST',
      path: `${base}/:name/versions/:version/archive`,
      permission: noun.write,
      summary: summary('Hide a {} version from lists; it stays readable'),
      params: versionParams,
      response: asset,
    }),
    restore: route({
      operationId: id('restore'),
      method: 'POST',
      path: `${base}/:name/versions/:version/restore`,
      permission: noun.write,
      summary: summary('Show an archived {} version again'),
      params: versionParams,
      response: asset,
    }),
    label: route({
      operationId: id('label'),
      method: 'PUT',
      path: `${base}/:name/labels/:label`,
      permission: noun.write,
      summary: summary('Point a label at a {} version'),
      params: z.object({ name: nameSchema, label: labelSchema }),
      body: z.strictObject({ version: versionSchema }),
      response: asset,
    }),
  }
}
