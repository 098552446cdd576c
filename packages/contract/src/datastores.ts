import { z } from 'zod'
import { nameSchema, tagsSchema, timeSchema } from './core/names.ts'
import { pageOf } from './core/page.ts'
import { ok, route } from './core/route.ts'

const common = {
  $schema: z.string().optional(),
  name: nameSchema,
  description: z.string().optional(),
  tags: tagsSchema.optional(),
  properties: tagsSchema.optional(),
}
const secret = z.string().min(1).max(8192)
const httpAddress = z.string().regex(/^https?:\/\/[^\s]+$/, 'an http or https address')

const azureBlob = z.strictObject({
  ...common,
  type: z.literal('azure_blob'),
  account_name: z.string().regex(/^[a-z0-9]{3,24}$/, 'lower-case letters and digits, 3 to 24'),
  container_name: z
    .string()
    .regex(/^(\$root|\$web|[a-z0-9](?:[a-z0-9-]{1,61})[a-z0-9])$/, 'lower-case letters, digits and dashes'),
  protocol: z.enum(['https', 'http', 'wasbs']).default('https'),
  endpoint: z
    .string()
    .default('core.windows.net')
    .describe(
      "the cloud's suffix, or the whole address of an account, such as http://127.0.0.1:10000/devstoreaccount1",
    ),
  credentials: z
    .union([
      z.strictObject({ account_key: secret }),
      z.strictObject({ sas_token: secret }),
      z.looseObject({ tenant_id: z.string(), client_id: z.string(), client_secret: secret }),
    ])
    .optional()
    .describe('none: the container is public'),
})

const s3 = z.strictObject({
  ...common,
  type: z.literal('s3'),
  bucket: z.string().regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'lower-case letters, digits, dots and dashes'),
  region: z.string().min(1).default('us-east-1'),
  endpoint: httpAddress.optional().describe('for MinIO, Ceph and the like; default: Amazon'),
  prefix: z.string().max(500).default('').describe('every path is below this one'),
  credentials: z
    .strictObject({ access_key_id: secret, secret_access_key: secret, session_token: secret.optional() })
    .optional()
    .describe('none: the bucket is public'),
})

const local = z.strictObject({
  ...common,
  type: z.literal('local'),
  path: z.string().min(1).describe('absolute folder on the server'),
})

const https = z.strictObject({
  ...common,
  type: z.literal('https'),
  endpoint: httpAddress.describe(
    'address that paths are put behind; read only, and files only, since there are no listings',
  ),
  credentials: z.strictObject({ bearer_token: secret }).optional(),
})

/** Azure's other kinds of storage: read, so that the refusal can say what to do. */
const elsewhere = z.looseObject({
  ...common,
  type: z.enum(['azure_file', 'azure_data_lake_gen1', 'azure_data_lake_gen2', 'one_lake', 'hdfs']),
})

/** A datastore's YAML: Azure ML's form for `azure_blob`, and Hagane's own for `s3`, `local` and `https`. */
export const datastoreSpec = z
  .discriminatedUnion('type', [azureBlob, s3, local, https, elsewhere])
  .meta({ id: 'DatastoreSpec' })
export type DatastoreSpec = z.output<typeof datastoreSpec>

export const datastoreTypes = ['local_folder', 'azure_blob', 's3', 'local', 'https'] as const

export const datastoreResource = z
  .object({
    id: z.string(),
    name: nameSchema,
    type: z.enum(datastoreTypes).describe('local_folder: one of those that every workspace has'),
    description: z.string(),
    tags: z.record(z.string(), z.string()),
    path: z.string().describe('folder on the server, or the address of the storage'),
    is_default: z.boolean(),
    account_name: z.string().optional(),
    container_name: z.string().optional(),
    bucket: z.string().optional(),
    region: z.string().optional(),
    prefix: z.string().optional(),
    endpoint: z.string().optional(),
    credentials: z
      .string()
      .optional()
      .describe('what kind is stored, such as account_key; the secret itself is never told'),
    created_at: timeSchema.optional(),
    created_by: z.string().optional(),
  })
  .meta({ id: 'Datastore' })
export type DatastoreResource = z.output<typeof datastoreResource>

const byName = z.object({ name: nameSchema })

export const datastoreRoutes = {
  list: route({
    operationId: 'datastores.list',
    method: 'GET',
    path: '/api/v1/datastores',
    permission: 'asset.read',
    summary: 'List datastores',
    response: pageOf(datastoreResource),
  }),
  show: route({
    operationId: 'datastores.show',
    method: 'GET',
    path: '/api/v1/datastores/:name',
    permission: 'asset.read',
    summary: 'Show a datastore',
    params: byName,
    response: datastoreResource,
  }),
  put: route({
    operationId: 'datastores.put',
    method: 'POST',
    path: '/api/v1/datastores',
    permission: 'workspace.write',
    summary: 'Create a datastore, or change the one of that name; credentials are kept encrypted and never returned',
    body: datastoreSpec,
    response: datastoreResource,
  }),
  delete: route({
    operationId: 'datastores.delete',
    method: 'DELETE',
    path: '/api/v1/datastores/:name',
    permission: 'workspace.write',
    summary: 'Forget a datastore; what lies in it stays',
    params: byName,
    response: ok,
  }),
}
