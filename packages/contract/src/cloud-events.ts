import { z } from 'zod'
import { timeSchema } from './core/names.ts'
import { route } from './core/route.ts'

/**
 * An event as CloudEvents 1.0 has it (github.com/cloudevents/spec, JSON format). `sequence` is the extension of that name;
 * the other extension attributes are Hagane's.
 */
export const cloudEvent = z
  .object({
    specversion: z.literal('1.0'),
    id: z.string().describe('unique within the source, the same whenever the event is told again'),
    source: z.string().describe('/ws/<workspace>'),
    type: z.string().describe('dev.hagane.<domain>.<what>'),
    subject: z.string(),
    time: timeSchema,
    datacontenttype: z.literal('application/json'),
    sequence: z.string().describe('place in the order of all events, 16 digits'),
    workspace: z.string(),
    actor: z.string().describe('whose act it was'),
    correlationid: z.string().optional().describe('what set off the chain of steps that this one belongs to'),
    data: z.record(z.string(), z.unknown()),
  })
  .meta({ id: 'CloudEvent' })
export type CloudEvent = z.output<typeof cloudEvent>

const sequence = z.coerce.number().int().min(0)

export const eventRoutes = {
  list: route({
    operationId: 'events.list',
    method: 'GET',
    path: '/api/v1/events',
    permission: 'audit.read',
    summary: 'Events as CloudEvents, oldest first, from a sequence number or a time on',
    query: z.object({
      from_seq: sequence.optional().describe('the first sequence number'),
      since: z.iso.datetime({ offset: true }).optional().describe('RFC 3339: the first time'),
      until_seq: sequence.optional().describe('the last sequence number'),
      until: z.iso.datetime({ offset: true }).optional().describe('RFC 3339: before this time'),
      type: z.string().max(200).optional().describe('exact, or a prefix that ends in *'),
      subject: z.string().max(600).optional().describe('exact, or a prefix that ends in *'),
      where: z.string().min(1).max(4000).optional().describe('CEL over event, e.g. event.data.status == "Failed"'),
      limit: z.coerce.number().int().min(1).max(1000).default(100),
    }),
    response: z.object({
      items: z.array(cloudEvent),
      next_seq: z.number().int().optional().describe('from_seq of the next page; absent at the end'),
    }),
  }),
  show: route({
    operationId: 'events.show',
    method: 'GET',
    path: '/api/v1/events/:id',
    permission: 'audit.read',
    summary:
      'One event by id or sequence number; mode=binary has its attributes in ce- headers and its data as the body',
    params: z.object({ id: z.string().min(1).max(64) }),
    query: z.object({ mode: z.enum(['structured', 'binary']).default('structured') }),
    response: 'stream',
  }),
}
