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

/** The registry to share with, and what the version is called there. */
const shareTarget = z.strictObject({
  registry_name: nameSchema,
  name: nameSchema.optional().describe('default: the name it has'),
  version: versionSchema.optional().describe('default: the version it has'),
})
export type ShareTarget = z.output<typeof shareTarget>

interface Noun<N extends string> {
  plural: N
  singular: string
  read: Permission
  write: Permission
}

/** What differs between the routes of one kind of asset and another's. */
function wordsOf<const N extends string>({ plural, singular, read, write }: Noun<N>) {
  return {
    base: `/api/v1/${plural}` as const,
    id: <const V extends string>(verb: V) => `${plural}.${verb}` as const,
    say: (text: string) => text.replace('{}', singular),
    read,
    write,
  }
}
type Words<N extends string> = ReturnType<typeof wordsOf<N>>

/** Lists, versions and one of them. */
function readRoutes<const N extends string, A extends z.ZodType>(words: Words<N>, asset: A) {
  return {
    list: route({
      operationId: words.id('list'),
      method: 'GET',
      path: words.base,
      permission: words.read,
      summary: words.say('List {} assets, the newest version of each'),
      query: listQuery,
      response: pageOf(asset),
    }),
    versions: route({
      operationId: words.id('versions'),
      method: 'GET',
      path: `${words.base}/:name/versions`,
      permission: words.read,
      summary: words.say('List the versions of a {}'),
      params: z.object({ name: nameSchema }),
      query: listQuery,
      response: pageOf(asset),
    }),
    show: route({
      operationId: words.id('show'),
      method: 'GET',
      path: `${words.base}/:name/versions/:version`,
      permission: words.read,
      summary: words.say('Show a version of a {}, by number or @label'),
      params: versionParams,
      response: asset,
    }),
  }
}

/** What makes a version and what is said of it; its content never changes. */
function changeRoutes<const N extends string, S extends z.ZodType, A extends z.ZodType>(
  words: Words<N>,
  spec: S,
  asset: A,
) {
  return {
    create: route({
      operationId: words.id('create'),
      method: 'POST',
      path: words.base,
      permission: words.write,
      summary: words.say('Create a version of a {} asset'),
      body: spec,
      response: asset,
      status: 201,
      idempotent: true,
    }),
    update: route({
      operationId: words.id('update'),
      method: 'PATCH',
      path: `${words.base}/:name/versions/:version`,
      permission: words.write,
      summary: words.say('Change description, tags or properties of a {} version'),
      params: versionParams,
      body: assetUpdate,
      response: asset,
    }),
    label: route({
      operationId: words.id('label'),
      method: 'PUT',
      path: `${words.base}/:name/labels/:label`,
      permission: words.write,
      summary: words.say('Point a label at a {} version'),
      params: z.object({ name: nameSchema, label: labelSchema }),
      body: z.strictObject({ version: versionSchema }),
      response: asset,
    }),
  }
}

/** A version put into a registry, where all workspaces find it. */
function shareRoute<const N extends string, A extends z.ZodType>(words: Words<N>, asset: A) {
  return {
    share: route({
      operationId: words.id('share'),
      method: 'POST',
      path: `${words.base}/:name/versions/:version/share`,
      permission: words.read,
      summary: words.say('Share a {} version with a registry; needs the right to write there'),
      params: versionParams,
      body: shareTarget,
      response: asset,
      status: 201,
    }),
  }
}

/** Out of the lists and back. */
function shelfRoutes<const N extends string, A extends z.ZodType>(words: Words<N>, asset: A) {
  return {
    archive: route({
      operationId: words.id('archive'),
      method: 'POST',
      path: `${words.base}/:name/versions/:version/archive`,
      permission: words.write,
      summary: words.say('Hide a {} version from lists; it stays readable'),
      params: versionParams,
      response: asset,
    }),
    restore: route({
      operationId: words.id('restore'),
      method: 'POST',
      path: `${words.base}/:name/versions/:version/restore`,
      permission: words.write,
      summary: words.say('Show an archived {} version again'),
      params: versionParams,
      response: asset,
    }),
  }
}

/** The nine routes that data, environment, component and model assets share. */
export function assetRoutes<const N extends string, S extends z.ZodType, A extends z.ZodType>(
  noun: Noun<N>,
  spec: S,
  asset: A,
) {
  const words = wordsOf(noun)
  return {
    ...changeRoutes(words, spec, asset),
    ...readRoutes(words, asset),
    ...shelfRoutes(words, asset),
    ...shareRoute(words, asset),
  }
}
