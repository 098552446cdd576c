import { nameSchema, tagsSchema } from '@hagane/contract'
import { z } from 'zod'

/** Azure ML datastore YAML: where data lies. Fields of each storage service are kept as they are. */
export const datastoreSpec = z
  .looseObject({
    $schema: z.string().optional(),
    name: nameSchema,
    description: z.string().optional(),
    tags: tagsSchema.optional(),
    type: z.string().min(1),
    account_name: z.string().optional(),
    container_name: z.string().optional(),
    file_share_name: z.string().optional(),
    filesystem: z.string().optional(),
    store_name: z.string().optional(),
    endpoint: z.string().optional(),
    protocol: z.string().optional(),
    credentials: z.looseObject({}).optional(),
    properties: tagsSchema.optional(),
  })
  .meta({ id: 'DatastoreSpec' })
export type DatastoreSpec = z.output<typeof datastoreSpec>
