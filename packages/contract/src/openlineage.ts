import { z } from 'zod'
import { timeSchema } from './core/names.ts'
import { route } from './core/route.ts'

const facets = z.record(z.string(), z.looseObject({ _producer: z.url(), _schemaURL: z.url() }))
const dataset = z.object({ namespace: z.string(), name: z.string(), facets: facets.optional() })

/** A run event of https://openlineage.io (spec 2-0-2). */
export const openLineageEvent = z
  .object({
    eventType: z.enum(['START', 'COMPLETE', 'FAIL', 'ABORT']),
    eventTime: timeSchema,
    producer: z.url(),
    schemaURL: z.url(),
    run: z.object({ runId: z.uuid(), facets: facets.optional() }),
    job: z.object({ namespace: z.string(), name: z.string(), facets: facets.optional() }),
    inputs: z.array(dataset),
    outputs: z.array(dataset),
  })
  .meta({ id: 'OpenLineageEvent' })
export type OpenLineageEvent = z.output<typeof openLineageEvent>

export const openLineageRoutes = {
  export: route({
    operationId: 'lineage.openlineage',
    method: 'GET',
    path: '/api/v1/lineage/openlineage',
    permission: 'asset.read',
    summary: 'Run events of OpenLineage for the jobs of this workspace, one a line',
    query: z.object({
      after: z.coerce.number().int().min(0).default(0).describe('only those of later events of the chain'),
    }),
    response: 'stream',
  }),
}
