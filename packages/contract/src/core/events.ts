import { z } from 'zod'
import { digestSchema, timeSchema } from './names.ts'

/** One link of the chain: `hash` = SHA-256(prev_hash + canonical JSON of the other fields), RFC 8785. */
export const eventSchema = z
  .object({
    seq: z.number().int(),
    id: z.string(),
    time: timeSchema,
    workspace: z.string(),
    actor: z.string(),
    type: z.string().describe('dev.hagane.<domain>.<what>'),
    subject: z.string().describe('<kind>/<name>, e.g. job/blue_forest_4d2'),
    data: z.record(z.string(), z.unknown()),
    prev_hash: digestSchema,
    hash: digestSchema,
  })
  .meta({ id: 'Event' })
export type EventRecord = z.infer<typeof eventSchema>
