import { z } from 'zod'
import { nameSchema } from './core/names.ts'
import { pageOf } from './core/page.ts'
import { route } from './core/route.ts'

export const datastoreResource = z
  .object({
    id: z.string(),
    name: nameSchema,
    type: z.literal('local_folder'),
    description: z.string(),
    path: z.string().describe('folder on the server'),
    is_default: z.boolean(),
  })
  .meta({ id: 'Datastore' })
export type DatastoreResource = z.output<typeof datastoreResource>

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
    params: z.object({ name: nameSchema }),
    response: datastoreResource,
  }),
}
