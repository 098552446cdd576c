import { z } from 'zod'
import { timeSchema } from './core/names.ts'
import { route } from './core/route.ts'

export const lineageKinds = [
  'data',
  'code',
  'commit',
  'environment',
  'parameters',
  'job',
  'model',
  'deployment',
  'endpoint',
  'prediction',
  'component',
  'schedule',
  'person',
] as const
export const lineageNode = z
  .object({
    id: z.string().describe('<kind>:<name>, e.g. model:flights:3'),
    kind: z.enum(lineageKinds),
    name: z.string(),
    facts: z.record(z.string(), z.unknown()),
    depth: z.number().int(),
  })
  .meta({ id: 'LineageNode' })
export type LineageNode = z.output<typeof lineageNode>
export const lineageEdge = z
  .object({
    from: z.string(),
    to: z.string(),
    relation: z.string().describe('reads as "<from> <relation> <to>"'),
    actor: z.string(),
    time: timeSchema,
    event: z.number().int().describe('sequence number of the event that says so'),
  })
  .meta({ id: 'LineageEdge' })
export type LineageEdge = z.output<typeof lineageEdge>
export const lineageGraph = z
  .object({ root: z.string(), nodes: z.array(lineageNode), edges: z.array(lineageEdge) })
  .meta({ id: 'LineageGraph' })
export type LineageGraph = z.output<typeof lineageGraph>

export const lineageRoutes = {
  show: route({
    operationId: 'lineage.show',
    method: 'GET',
    path: '/api/v1/lineage',
    permission: 'asset.read',
    summary: 'What stands behind a thing (up), what came of it (down), or both',
    query: z.object({
      of: z
        .string()
        .min(1)
        .max(800)
        .describe(
          'job:<name>, model:<name>:<version>, data:<name>:<version>, prediction:<id>, deployment:<endpoint>/<name>, commit:<sha>',
        ),
      direction: z.enum(['up', 'down', 'both']).default('up'),
      depth: z.coerce.number().int().min(1).max(50).default(20),
    }),
    response: lineageGraph,
  }),
}
